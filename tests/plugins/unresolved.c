/*
 * unresolved.c - a generator that was linked without something that it needs
 */
#include "proxygen/proxygen.h"

const ProxygenGenerator *function_that_is_nowhere(uint32_t abi);

PROXYGEN_EXPORT const ProxygenGenerator *proxygen_entry(uint32_t abi);

PROXYGEN_EXPORT const ProxygenGenerator *proxygen_entry(uint32_t abi)
{
    return function_that_is_nowhere(abi);
}
