/* Stands in for the compiler's own header, whose macros use extensions that the parser does not know. */
#pragma once
typedef enum { memory_order_relaxed, memory_order_consume, memory_order_acquire, memory_order_release, memory_order_acq_rel, memory_order_seq_cst } memory_order;
typedef int atomic_int;
typedef _Bool atomic_bool;
typedef unsigned long atomic_uintptr_t;
typedef unsigned char atomic_uint8_t;
#define ATOMIC_VAR_INIT(value) (value)
#define atomic_load_explicit(object, order) (*(object))
#define atomic_store_explicit(object, value, order) (*(object) = (value))
#define atomic_load(object) (*(object))
#define atomic_store(object, value) (*(object) = (value))
#define atomic_thread_fence(order) ((void)0)
#define atomic_signal_fence(order) ((void)0)
int atomic_exchange_stub(volatile void *object, ...);
#define atomic_exchange_explicit(object, value, order) atomic_exchange_stub(object, value)
