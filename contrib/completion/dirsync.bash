# dirsync.bash - bash completion for dirsync: verbs, options, connectors, runs, files
#
# Knows no verb and no option by itself: what there is, `dirsync --help` and
# `dirsync VERB --help` say. Connectors are the definitions in $DIRSYNC_CONFIG,
# else in /etc/dirsync. Installed by `make install`; or: source this file.
# shellcheck shell=bash

# The help of the program, or of a verb, in the one language that is read here.
_dirsync_help() { # PROGRAM [VERB]
    LC_ALL=C "${1/#\~/$HOME}" "${@:2}" --help 2>/dev/null
}

# "--json", "--state", "-o" ...: each option of a help text on a line of its own.
_dirsync_options() {
    sed -nE 's/^  (-[A-Za-z]), (--[a-z0-9-]+)(=[^ ]+)? .*/\1\n\2/p; s/^  (--[a-z0-9-]+)(=[^ ]+)? .*/\1/p'
}

# What an option wants, and what is said about it: "FOLDER Save the plan in FOLDER"; nothing when it wants nothing.
_dirsync_wanted() { # OPTION, help on standard input
    sed -nE "s/^  (-[A-Za-z], )?(--[a-z0-9-]+)=([^ ]+) +(.*)/\1\2 \3 \4/p" | while read -r first rest; do
        case $first in
        -?,)
            [ "${first%,}" = "$1" ] || [ "${rest%% *}" = "$1" ] && echo "${rest#* }"
            ;;
        "$1") echo "$rest" ;;
        esac
    done
}

# The words after a verb, one way a line: "CONNECTOR RUN". Options among them are left out.
_dirsync_ways() { # VERB, help on standard input
    sed -nE "s/^  dirsync $1 \[OPTION[^]]*\] ?(.*)/\1/p" |
        sed -E 's/\[-[^]]*\]//g; s/ \| /\n/g' |
        sed -E 's/--?[a-z-]+ [A-Z]+//g; s/[][]//g; s/(\.\.\.|…)/ .../g'
}

# What may stand where: the kind of the next word, after the words that are there.
_dirsync_kind() { # WAYS WORD...
    local way kinds kind place found=''
    while read -r way; do
        read -ra kinds <<<"$way"
        place=0
        for word in "${@:2}"; do
            kind=${kinds[place]:-}
            # A word in small letters stands for itself.
            if [[ $kind =~ ^[a-z] ]] && [[ "|$kind|" != *"|$word|"* ]]; then
                continue 2
            fi
            [ "${kinds[place + 1]:-}" = ... ] || place=$((place + 1))
        done
        [ -z "${kinds[place]:-}" ] || found+="${kinds[place]} "
    done <<<"$1"
    printf '%s' "$found"
}

# Names of the definitions whose first element is a connector, or an organisation.
_dirsync_definitions() { # connector|organisation
    local folder=${DIRSYNC_CONFIG:-/etc/dirsync} file
    for file in "$folder"/*.xml; do
        file=${file##*/}
        [[ $file =~ ^[A-Za-z0-9_.-]+$ ]] && grep -Eqs "<$1([[:space:]>]|\$)" "$folder/$file" &&
            printf '%s\n' "${file%.xml}"
    done
}

# Those that `dirsync status` still knows of a connector.
_dirsync_runs() { # PROGRAM CONNECTOR
    [ -z "${2:-}" ] ||
        LC_ALL=C "${1/#\~/$HOME}" status "$2" --json 2>/dev/null | grep -oE '[0-9]{8}T[0-9]{6}Z-[0-9a-f]+' | sort -u
}

# Not compgen -W, which would expand what stands in the list.
_dirsync_reply() { # WORDLIST WORD
    local words word
    read -rd '' -a words <<<"$1"
    for word in "${words[@]}"; do
        [[ $word != "$2"* ]] || COMPREPLY+=("$word")
    done
}

_dirsync_files() { # -f|-d WORD
    compopt -o filenames 2>/dev/null
    mapfile -t COMPREPLY < <(compgen "$1" -- "$2")
}

# A word of some kind. Alternatives ("list|register") are offered as they are.
_dirsync_offer() { # PROGRAM KIND WORD [CONNECTOR]
    case $2 in
    *FOLDER*) _dirsync_files -d "$3" ;;
    *FILE* | *SOURCE* | *PATH*) _dirsync_files -f "$3" ;;
    *CONNECTOR*)
        if [[ $3 == */* ]]; then
            _dirsync_files -f "$3"
        else
            _dirsync_reply "$(_dirsync_definitions connector)" "$3"
        fi
        ;;
    *ORGANISATION*)
        if [[ $3 == */* ]]; then
            _dirsync_files -f "$3"
        else
            _dirsync_reply "$(_dirsync_definitions organisation)" "$3"
        fi
        ;;
    RUN*) _dirsync_reply "$(_dirsync_runs "$1" "${4:-}")" "$3" ;;
    *[a-z]*) _dirsync_reply "${2//|/ }" "$3" ;;
    esac
}

# The value of an option: by what it is called, or by what is said of it ("Template: ldif, csv or ldap").
_dirsync_value() { # PROGRAM WANTED WORD
    local name=${2%% *} about=${2#* }
    case $name in
    FOLDER | FILE | PATH | CONNECTOR | ORGANISATION | SOURCE) _dirsync_offer "$1" "$name" "$3" ;;
    *'|'*) [[ $name == N* ]] || _dirsync_reply "${name//|/ }" "$3" ;;
    *)
        if [[ $about =~ :\ (([a-z0-9-]+(,\ |\ or\ ))+[a-z0-9-]+)$ ]]; then
            about=${BASH_REMATCH[1]//,/}
            _dirsync_reply "${about/ or / }" "$3"
        fi
        ;;
    esac
}

_dirsync() {
    local program=$1 cur=${COMP_WORDS[COMP_CWORD]} at word wanted help verb='' option='' words=()
    COMPREPLY=()
    help=$(_dirsync_help "$program")
    # What is before the cursor: the verb, its words, and the option whose value is next. "=" is a word for bash.
    for ((at = 1; at < COMP_CWORD; at++)); do
        word=${COMP_WORDS[at]}
        if [ "$word" = = ]; then
            option=${COMP_WORDS[at - 1]}
        elif [ -n "$option" ]; then
            option=''
        elif [[ $word == -?* ]]; then
            [ -z "$(_dirsync_wanted "$word" <<<"$help")" ] || option=$word
        elif [ -z "$verb" ]; then
            verb=$word
            help=$(_dirsync_help "$program" "$verb")
        else
            words+=("$word")
        fi
    done
    if [ "$cur" = = ]; then
        option=${COMP_WORDS[COMP_CWORD - 1]} cur=''
    fi
    if [ -n "$option" ]; then
        wanted=$(_dirsync_wanted "$option" <<<"$help")
        _dirsync_value "$program" "$wanted" "$cur"
    elif [[ $cur == -* ]]; then
        _dirsync_reply "$(_dirsync_options <<<"$help")" "$cur"
    elif [ -z "$verb" ]; then
        _dirsync_reply "$(sed -nE '/^Verbs:/,/^$/s/^  ([a-z-]+) .*/\1/p' <<<"$help")" "$cur"
    else
        word=$(_dirsync_kind "$(_dirsync_ways "$verb" <<<"$help")" "${words[@]}")
        _dirsync_offer "$program" "${word% }" "$cur" "${words[0]:-}"
    fi
}

complete -F _dirsync dirsync
