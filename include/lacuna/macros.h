/* Visibility, ABI number and the few macros every public header needs. */
#ifndef LACUNA_MACROS_H
#define LACUNA_MACROS_H

#include <glib.h>
#include <stddef.h>
#include <stdint.h>

/** LAC_ABI: the number a plugin is built for. It changes when a public struct or function
 * changes in a way that an already built plugin would notice. New struct members go last and
 * are announced by `struct_size`, which does not change this number. */
#define LAC_ABI 1u

/** LAC_MAGIC: first four bytes of every descriptor, "LACU" read as a little-endian number. */
#define LAC_MAGIC 0x5543414Cu

/** LAC_API: part of the public, promised interface of liblacuna. */
#define LAC_API __attribute__((visibility("default")))

/** LAC_PLUGIN_EXPORT: marks the one symbol, `lac_plugin`, that a plugin shows to the world. */
#ifdef __cplusplus
#define LAC_PLUGIN_EXPORT extern "C" __attribute__((visibility("default")))
#else
#define LAC_PLUGIN_EXPORT __attribute__((visibility("default")))
#endif

/** LAC_CAST: from the base the core holds to the plugin's own struct, whose first member it is. */
#define LAC_CAST(Type, instance) ((Type *)(instance))

/** LAC_DIMS: the most dimensions of a tensor. Images are N x C x H x W. */
#define LAC_DIMS 4

/** LAC_SHAPE: the two arguments (number of dimensions, lengths) of a shape: LAC_SHAPE(64, 10). */
#define LAC_SHAPE(...)                                                                             \
    (unsigned)(sizeof((const size_t[]){__VA_ARGS__}) / sizeof(size_t)), (const size_t[])           \
    {                                                                                              \
        __VA_ARGS__                                                                                \
    }

/** LAC_CLONES: compile a hot loop for several instruction sets and choose at run time. It is
 * empty where the compiler or the sanitizer in use cannot do so. */
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) &&                             \
    !defined(__SANITIZE_ADDRESS__) && !defined(LAC_NO_CLONES)
#define LAC_CLONES __attribute__((target_clones("default", "arch=x86-64-v3", "arch=x86-64-v4")))
#else
#define LAC_CLONES
#endif

#endif
