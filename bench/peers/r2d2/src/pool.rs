// SPDX-License-Identifier: BSD-2-Clause

//! The pool and the driver under it, whose connections do nothing.

use crate::integer;
use crate::load::{Load, Random};
use r2d2::{ManageConnection, Pool, PooledConnection};
use serde_json::Value;
use std::error::Error;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering::Relaxed};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

#[derive(Debug)]
pub struct StubError(&'static str);

impl fmt::Display for StubError {
	fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
		out.write_str(self.0)
	}
}

impl Error for StubError {}

/// What all connections share.
#[derive(Default)]
pub struct Driver {
	open_time: Duration,
	open_timeout: Duration,
	ping_time: Duration,
	pub down: AtomicBool,
	pub opened: AtomicI64, // connections that are open
	pub opens: AtomicI64,
	pub open_failures: AtomicI64,
	pub shared: AtomicI64, // uses that found another owner
}

impl Driver {
	fn connect(&self) -> Result<(), StubError> {
		if self.down.load(Relaxed) {
			return Err(StubError("the database is down"));
		}
		if self.open_time > self.open_timeout {
			thread::sleep(self.open_timeout);
			return Err(StubError("opening took longer than open_timeout_ns"));
		}
		pause(self.open_time);
		Ok(())
	}
}

fn pause(time: Duration) {
	if !time.is_zero() {
		thread::sleep(time);
	}
}

pub struct Connection {
	driver: Arc<Driver>,
	users: AtomicI64,
	broken: bool,
}

impl Connection {
	/// Use the connection as long as hold takes; false if the database is down by
	/// then. r2d2 drops a connection that is broken when it is returned.
	pub fn use_for(&mut self, hold: impl FnOnce()) -> bool {
		if self.users.fetch_add(1, Relaxed) != 0 {
			self.driver.shared.fetch_add(1, Relaxed);
		}
		hold();
		self.users.fetch_sub(1, Relaxed);
		self.broken = self.driver.down.load(Relaxed);
		!self.broken
	}
}

impl Drop for Connection {
	fn drop(&mut self) {
		self.driver.opened.fetch_sub(1, Relaxed);
	}
}

pub struct Manager(Arc<Driver>);

impl ManageConnection for Manager {
	type Connection = Connection;
	type Error = StubError;

	fn connect(&self) -> Result<Connection, StubError> {
		if let Err(fault) = self.0.connect() {
			self.0.open_failures.fetch_add(1, Relaxed);
			return Err(fault);
		}
		self.0.opens.fetch_add(1, Relaxed);
		self.0.opened.fetch_add(1, Relaxed);
		Ok(Connection {
			driver: Arc::clone(&self.0),
			users: AtomicI64::new(0),
			broken: false,
		})
	}

	fn is_valid(&self, _: &mut Connection) -> Result<(), StubError> {
		pause(self.0.ping_time);
		if self.0.down.load(Relaxed) {
			return Err(StubError("the database is down"));
		}
		Ok(())
	}

	fn has_broken(&self, conn: &mut Connection) -> bool {
		conn.broken
	}
}

pub struct StubPool {
	pool: Pool<Manager>,
	pub driver: Arc<Driver>,
}

/// Make a pool as its users do: the defaults, but for sizes and the timeout.
pub fn open(order: &Value) -> Result<StubPool, String> {
	let time = |key| Duration::from_nanos(integer(order, key).max(0) as u64);
	let (min, max) = (integer(order, "conns_min"), integer(order, "conns_max"));
	if min < 0 || max < 1 || min > max {
		return Err("open needs 0 <= conns_min <= conns_max, conns_max >= 1".to_string());
	}
	if time("acquire_timeout_ns").is_zero() || time("open_timeout_ns").is_zero() {
		return Err("open needs an acquire_timeout_ns and an open_timeout_ns".to_string());
	}
	let driver = Arc::new(Driver {
		open_time: time("open_ns"),
		open_timeout: time("open_timeout_ns"),
		ping_time: time("ping_ns"),
		..Driver::default()
	});
	// Not build(), which gives the first connections no more than the timeout of one
	// acquire.
	let pool = Pool::builder()
		.max_size(max as u32)
		.min_idle(Some(min as u32))
		.connection_timeout(time("acquire_timeout_ns"))
		.build_unchecked(Manager(Arc::clone(&driver)));
	while i64::from(pool.state().connections) < min {
		if driver.open_failures.load(Relaxed) > 0 {
			return Err("a connection cannot be opened within open_timeout_ns".to_string());
		}
		thread::sleep(Duration::from_millis(1));
	}
	Ok(StubPool { pool, driver })
}

/// What a caller is doing.
pub const STATE_IDLE: u64 = 0;
pub const STATE_WAITING: u64 = 1;
pub const STATE_HOLDING: u64 = 2;

/// Written by one thread, read by others meanwhile: a cache line, and the one that
/// the processor fetches with it, for each.
#[repr(align(128))]
#[derive(Default)]
pub struct Counters {
	pub ops: AtomicU64,
	pub timeouts: AtomicU64,
	pub failures: AtomicU64,
	pub state: AtomicU64,
}

/// Only one thread writes it, so it needs no locked instruction.
pub fn count(counter: &AtomicU64) {
	counter.store(counter.load(Relaxed) + 1, Relaxed);
}

/// One thread of the load.
pub struct Caller<'a> {
	pub load: &'a Load,
	pub counters: &'a Counters,
	pub random: Random,
}

impl<'a> Caller<'a> {
	pub fn new(load: &'a Load, counters: &'a Counters, seed: u64, index: usize) -> Caller<'a> {
		Caller {
			load,
			counters,
			random: Random::new(seed, index as u64),
		}
	}

	/// None: the timeout has passed. r2d2 tells no other failure.
	pub fn acquire(&self) -> Option<PooledConnection<Manager>> {
		self.counters.state.store(STATE_WAITING, Relaxed);
		let conn = self.load.pool.pool.get().ok();
		let state = if conn.is_some() {
			STATE_HOLDING
		} else {
			STATE_IDLE
		};
		self.counters.state.store(state, Relaxed);
		if conn.is_none() {
			count(&self.counters.timeouts);
		}
		conn
	}

	pub fn release(&self, conn: PooledConnection<Manager>) {
		drop(conn);
		self.counters.state.store(STATE_IDLE, Relaxed);
	}
}
