// SPDX-License-Identifier: BSD-2-Clause

//! The load that all pools of a run get: the draws, the hold, the clock and the
//! histogram of weir-bench. They must give what bench/load/ gives; the test of this
//! program compares them.

use crate::pool::StubPool;
use serde_json::{json, Value};
use std::thread;
use std::time::{Duration, Instant};

pub struct Load {
	pub threads: usize,
	pub hold: Hold,
	pub pool: StubPool,
}

/// xorshift64*, a stream for each thread.
pub struct Random {
	state: u64,
}

impl Random {
	pub fn new(seed: u64, stream: u64) -> Random {
		let mut mixed =
			seed.wrapping_add(stream.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15));
		mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
		mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
		mixed ^= mixed >> 31;
		Random {
			state: if mixed == 0 { 1 } else { mixed },
		}
	}

	pub fn draw(&mut self) -> u32 {
		let mut x = self.state;
		x ^= x >> 12;
		x ^= x << 25;
		x ^= x >> 27;
		self.state = x;
		(x.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 32) as u32
	}
}

enum Part {
	Work(u64),
	Sleep(Duration),
}

/// What a caller does with a connection: one of the parts.
pub struct Hold {
	parts: Vec<(u32, Part)>, // drawn when the draw is below the number
}

impl Hold {
	pub fn read(parts: &Value) -> Result<Hold, String> {
		let mut hold = Hold { parts: Vec::new() };
		for part in parts.as_array().map(Vec::as_slice).unwrap_or_default() {
			let what = match part["kind"].as_str() {
				Some("work") => Part::Work(part["links"].as_u64().unwrap_or(0)),
				Some("sleep") => {
					Part::Sleep(Duration::from_nanos(part["ns"].as_u64().unwrap_or(0)))
				}
				_ => return Err(format!("unknown kind of hold {}", part["kind"])),
			};
			hold.parts
				.push((part["below"].as_u64().unwrap_or(0) as u32, what));
		}
		Ok(hold)
	}

	/// A single part draws nothing: the draw would be part of the cost.
	pub fn choose(&self, random: &mut Random) -> Option<usize> {
		if self.parts.len() < 2 {
			return self.parts.len().checked_sub(1);
		}
		let draw = random.draw();
		let last = self.parts.len() - 1;
		Some(
			self.parts[..last]
				.iter()
				.position(|(below, _)| draw < *below)
				.unwrap_or(last),
		)
	}

	pub fn run(&self, random: &mut Random) {
		match self.choose(random).map(|part| &self.parts[part].1) {
			None => (),
			Some(Part::Sleep(time)) => thread::sleep(*time),
			Some(Part::Work(links)) => {
				let x = work(*links);
				// SAFETY: x is an initialized local. The read makes its value needed.
				unsafe { std::ptr::read_volatile(&x) };
			}
		}
	}
}

#[inline(never)]
pub fn work(links: u64) -> u64 {
	// SAFETY: both are initialized. The factor must be no constant to the compiler, or
	// it unrolls the chain and folds its links into fewer.
	let factor = unsafe { std::ptr::read_volatile(&6364136223846793005) };
	(0..links).fold(links, |x: u64, _| {
		x.wrapping_mul(factor).wrapping_add(1442695040888963407)
	})
}

pub fn nanoseconds(time: Duration) -> i64 {
	time.as_secs() as i64 * 1_000_000_000 + i64::from(time.subsec_nanos())
}

/// Nanoseconds from one moment to another, negative if it came first.
pub fn between(from: Instant, to: Instant) -> i64 {
	match to.checked_duration_since(from) {
		Some(time) => nanoseconds(time),
		None => -nanoseconds(from.duration_since(to)),
	}
}

const SUB_BITS: u32 = 6;
const VALUE_BITS: u32 = 40;
const BUCKETS: usize = ((VALUE_BITS - SUB_BITS + 1) as usize) << SUB_BITS;

/// Log-linear, as weir-bench's: 64 buckets for each power of two up to 2^40 ns.
pub struct Histogram {
	max: i64,
	buckets: Vec<u64>,
}

impl Default for Histogram {
	fn default() -> Histogram {
		Histogram {
			max: 0,
			buckets: vec![0; BUCKETS],
		}
	}
}

impl Histogram {
	pub fn bucket(value: i64) -> usize {
		let value = value.clamp(0, (1 << VALUE_BITS) - 1) as u64;
		if value < 1 << SUB_BITS {
			return value as usize;
		}
		let exponent = 63 - value.leading_zeros() - SUB_BITS;
		((exponent as usize) << SUB_BITS) + (value >> exponent) as usize
	}

	pub fn record(&mut self, value: i64) {
		self.buckets[Histogram::bucket(value)] += 1;
		self.max = self.max.max(value);
	}

	pub fn merge(&mut self, from: &Histogram) {
		for (into, count) in self.buckets.iter_mut().zip(&from.buckets) {
			*into += count;
		}
		self.max = self.max.max(from.max);
	}

	pub fn max(&self) -> i64 {
		self.max
	}

	/// The buckets that are not empty, as the reply has them.
	pub fn pairs(&self) -> Value {
		let filled = self
			.buckets
			.iter()
			.enumerate()
			.filter(|(_, count)| **count > 0);
		filled
			.map(|(bucket, count)| json!([bucket, count]))
			.collect()
	}
}
