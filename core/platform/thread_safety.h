/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What a lock guards, said so that a compiler can check it: clang's
 * -Wthread-safety, which tests/tidy/thread_safety.sh runs over the protocol files.
 * Elsewhere the words are comments.
 *
 *   WP_CAPABILITY(kind)   a struct that can be held, as "lock" is
 *   WP_GUARDED_BY(lock)   a field that is read and written under that lock only
 *   WP_REQUIRES(lock)     a function that is called under it
 *   WP_EXCLUDES(lock)     a function that takes it, or may, and so is not
 *   WP_ACQUIRE(lock)      a function that returns with it
 *   WP_RELEASE(lock)      a function that is called under it and returns without
 *   WP_UNCHECKED          a function that needs no lock for what it touches: nobody
 *                         else knows of it yet, or any more
 *
 * A C compiler cannot name one field of a struct in an attribute of another, so the
 * check is made as C++, which every protocol file is too. An address is no access to
 * it: words that are touched through wp_* operations are not checked.
 */
#ifndef WEIR_PLATFORM_THREAD_SAFETY_H
#define WEIR_PLATFORM_THREAD_SAFETY_H

#if defined(__clang__) && defined(__cplusplus)
#define WP_THREAD_SAFETY(what) __attribute__((what))
#else
#define WP_THREAD_SAFETY(what)
#endif

#define WP_CAPABILITY(kind) WP_THREAD_SAFETY(capability(kind))
#define WP_GUARDED_BY(lock) WP_THREAD_SAFETY(guarded_by(lock))
#define WP_REQUIRES(lock) WP_THREAD_SAFETY(requires_capability(lock))
#define WP_EXCLUDES(lock) WP_THREAD_SAFETY(locks_excluded(lock))
#define WP_ACQUIRE(lock) WP_THREAD_SAFETY(acquire_capability(lock))
#define WP_RELEASE(lock) WP_THREAD_SAFETY(release_capability(lock))
#define WP_UNCHECKED WP_THREAD_SAFETY(no_thread_safety_analysis)

#endif
