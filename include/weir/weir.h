/* SPDX-License-Identifier: BSD-2-Clause
 *
 * weir/weir.h: everything a program needs that is not a database's own.
 * Databases: weir/sqlite.h, and weir/stub.h for tests.
 */
#ifndef WEIR_WEIR_H
#define WEIR_WEIR_H

#include <weir/base.h>
#include <weir/config.h>
#include <weir/db.h>
#include <weir/db_schema.h>
#include <weir/driver.h>
#include <weir/engine.h>
#include <weir/error.h>
#include <weir/gate.h>
#include <weir/lease.h>
#include <weir/log.h>
#include <weir/metrics.h>
#include <weir/pool.h>
#include <weir/service.h>
#include <weir/sql.h>
#include <weir/ticket.h>
#include <weir/version.h>

#endif
