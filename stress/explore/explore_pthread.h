/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Put in front of core/opener.c by the explorer's build: its mutex, condition
 * variable and threads become the explorer's, and nothing else of it changes.
 */
#ifndef EXPLORE_PTHREAD_H
#define EXPLORE_PTHREAD_H

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <time.h>

int xp_mutex_init(pthread_mutex_t *mutex, const pthread_mutexattr_t *attributes);
int xp_mutex_destroy(pthread_mutex_t *mutex);
int xp_mutex_lock(pthread_mutex_t *mutex);
int xp_mutex_unlock(pthread_mutex_t *mutex);
int xp_cond_init(pthread_cond_t *cond, const pthread_condattr_t *attributes);
int xp_cond_destroy(pthread_cond_t *cond);
int xp_cond_signal(pthread_cond_t *cond);
int xp_cond_broadcast(pthread_cond_t *cond);
int xp_cond_timedwait(pthread_cond_t *cond, pthread_mutex_t *mutex, const struct timespec *until);
int xp_thread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*entry)(void *),
                     void *argument);
int xp_sigmask(int how, const sigset_t *set, sigset_t *before);

#define pthread_mutex_init xp_mutex_init
#define pthread_mutex_destroy xp_mutex_destroy
#define pthread_mutex_lock xp_mutex_lock
#define pthread_mutex_unlock xp_mutex_unlock
#define pthread_cond_init xp_cond_init
#define pthread_cond_destroy xp_cond_destroy
#define pthread_cond_signal xp_cond_signal
#define pthread_cond_broadcast xp_cond_broadcast
#define pthread_cond_timedwait xp_cond_timedwait
#define pthread_create xp_thread_create
#define pthread_sigmask xp_sigmask

#endif
