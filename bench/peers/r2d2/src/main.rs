// SPDX-License-Identifier: BSD-2-Clause

//! r2d2 as a child of weir-bench: one JSON order a line on stdin, one reply a line
//! on stdout, exit 0 at the end of stdin.

mod load;
mod pass;
mod pool;
mod timeline;

use load::{Histogram, Hold, Load, Random};
use serde_json::{json, Value};
use std::io::{self, BufRead, Write};
use std::time::Instant;

/// The fastest round is the one that nothing interrupted.
const SELFTEST_ROUNDS: u32 = 300;

type Outcome = Result<Value, String>;

/// A whole number of an order; 0 where there is none.
fn integer(order: &Value, key: &str) -> i64 {
	order[key].as_i64().unwrap_or(0)
}

/// What the orders are about: at most one pool at a time.
#[derive(Default)]
struct Session {
	load: Option<Load>,
}

impl Session {
	fn load(&self) -> Result<&Load, String> {
		self.load
			.as_ref()
			.ok_or_else(|| "no pool is open".to_string())
	}

	fn open(&mut self, order: &Value) -> Outcome {
		if self.load.is_some() {
			return Err("a pool is open: close it first".to_string());
		}
		let threads = integer(order, "threads");
		if threads < 1 {
			return Err("open needs threads".to_string());
		}
		self.load = Some(Load {
			threads: threads as usize,
			hold: Hold::read(&order["hold"])?,
			pool: pool::open(order)?,
		});
		Ok(json!({"opened": true}))
	}

	fn close(&mut self) -> Outcome {
		self.load()?;
		self.load = None;
		Ok(json!({"closed": true}))
	}

	fn carry_out(&mut self, line: &str) -> Outcome {
		let order: Value = serde_json::from_str(line).map_err(|fault| fault.to_string())?;
		match order["order"].as_str() {
			Some("open") => self.open(&order),
			Some("pass") => pass::run(self.load()?, &order),
			Some("timeline") => timeline::run(self.load()?, &order),
			Some("close") => self.close(),
			Some("selftest") => selftest(&order),
			_ => Err(format!("unknown order {}", order["order"])),
		}
	}
}

/// What the test of this program compares with the harness's own: the draws, the
/// parts of the hold that they choose, the buckets, the result of the work, and the time
/// that it takes: a compiler that found a shorter way would make the load another.
fn selftest(order: &Value) -> Outcome {
	let hold = Hold::read(&order["hold"])?;
	let seed = integer(order, "seed") as u64;
	let stream = integer(order, "stream") as u64;
	let count = integer(order, "draws") as usize;
	let mut random = Random::new(seed, stream);
	let mut choices = Random::new(seed, stream);
	let draws: Vec<u32> = (0..count).map(|_| random.draw()).collect();
	let parts: Vec<usize> = draws
		.iter()
		.map(|_| hold.choose(&mut choices).unwrap_or(0))
		.collect();
	let values = order["values"].as_array().cloned().unwrap_or_default();
	let buckets: Vec<usize> = values
		.iter()
		.map(|value| Histogram::bucket(value.as_i64().unwrap_or(0)))
		.collect();
	let links = integer(order, "links") as u64;
	let mut work_ns = i64::MAX;
	for _ in 0..SELFTEST_ROUNDS {
		let start = Instant::now();
		load::work(links);
		work_ns = work_ns.min(load::nanoseconds(start.elapsed()));
	}
	Ok(json!({
		"draws": draws, "parts": parts, "buckets": buckets,
		"work": load::work(links) as i64, "work_ns": work_ns,
	}))
}

fn main() -> io::Result<()> {
	let mut out = io::stdout().lock();
	let mut session = Session::default();

	writeln!(
		out,
		"{}",
		json!({
			"protocol": 1, "pool": "r2d2",
			"version": option_env!("R2D2_VERSION").unwrap_or("unknown"),
			"runtime": option_env!("RUSTC_VERSION").unwrap_or("unknown"),
			"warm_s": 0.2, "extra_work": "pings a connection each time it is acquired",
			"abilities": ["grows", "heals"],
		})
	)?;
	for line in io::stdin().lock().lines() {
		let answer = session
			.carry_out(&line?)
			.unwrap_or_else(|fault| json!({ "error": fault }));
		writeln!(out, "{}", answer)?;
	}
	Ok(())
}
