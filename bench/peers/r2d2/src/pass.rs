// SPDX-License-Identifier: BSD-2-Clause

//! A pass: threads that run one loop at the same time. Their counters are read at
//! two moments of a run that began before the first and ends after the second.

use crate::load::{between, Histogram, Load};
use crate::pool::{count, Caller, Counters};
use crate::{integer, Outcome};
use serde_json::json;
use serde_json::Value;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

// Reading the counters takes microseconds. If it took longer, the reader was
// preempted in the middle and they are of different moments.
const SNAPSHOT_MAX: Duration = Duration::from_micros(100);
const SNAPSHOT_TRIES_MAX: u32 = 50;

struct Snapshot {
	at: Instant,
	ops: Vec<u64>,
	cpu_s: f64,
	ctx_switches: i64,
}

impl Snapshot {
	fn take(counters: &[Counters]) -> Snapshot {
		let mut at = Instant::now();
		let mut ops = Vec::with_capacity(counters.len());
		for _ in 0..SNAPSHOT_TRIES_MAX {
			ops.clear();
			at = Instant::now();
			ops.extend(counters.iter().map(|counter| counter.ops.load(Relaxed)));
			if at.elapsed() <= SNAPSHOT_MAX {
				break;
			}
		}
		let usage = usage();
		let cpu_s = seconds(usage.ru_utime) + seconds(usage.ru_stime);
		Snapshot {
			at,
			ops,
			cpu_s,
			ctx_switches: usage.ru_nvcsw + usage.ru_nivcsw,
		}
	}
}

fn usage() -> libc::rusage {
	// SAFETY: all zeros is a valid rusage, and getrusage writes into it only.
	unsafe {
		let mut usage = std::mem::zeroed();
		libc::getrusage(libc::RUSAGE_SELF, &mut usage);
		usage
	}
}

fn seconds(time: libc::timeval) -> f64 {
	time.tv_sec as f64 + time.tv_usec as f64 / 1e6
}

#[derive(Default)]
struct Moments {
	recording: AtomicBool,
	stop: AtomicBool,
}

/// No clock in here: a reading costs as much as a lease.
fn throughput_loop(mut caller: Caller, moments: &Moments) {
	while !moments.stop.load(Relaxed) {
		if let Some(conn) = caller.acquire() {
			caller.load.hold.run(&mut caller.random);
			caller.release(conn);
			count(&caller.counters.ops);
		}
	}
}

fn wait_loop(mut caller: Caller, moments: &Moments) -> Histogram {
	let mut waits = Histogram::default();
	while !moments.stop.load(Relaxed) {
		let start = Instant::now();
		let conn = caller.acquire();
		let waited = between(start, Instant::now());
		// A timeout is a wait too, and not a short one.
		if moments.recording.load(Relaxed) {
			waits.record(waited);
		}
		if let Some(conn) = conn {
			caller.load.hold.run(&mut caller.random);
			caller.release(conn);
			count(&caller.counters.ops);
		}
	}
	waits
}

pub fn run(load: &Load, order: &Value) -> Outcome {
	let timed = order["timed"].as_bool().unwrap_or(false);
	let seconds = order["seconds"].as_f64().unwrap_or(0.0);
	let warm_s = order["warm_s"].as_f64().unwrap_or(0.0);
	if seconds <= 0.0 || warm_s < 0.0 {
		return Err("pass needs seconds above 0".to_string());
	}
	let seed = integer(order, "seed") as u64;
	let counters: Vec<Counters> = (0..load.threads).map(|_| Counters::default()).collect();
	let moments = Moments::default();
	let mut waits = Histogram::default();
	let (begin, end) = thread::scope(|scope| {
		let running: Vec<_> = (0..load.threads)
			.map(|index| {
				let caller = Caller::new(load, &counters[index], seed, index);
				let moments = &moments;
				scope.spawn(move || {
					if timed {
						return wait_loop(caller, moments);
					}
					throughput_loop(caller, moments);
					Histogram::default()
				})
			})
			.collect();
		thread::sleep(Duration::from_secs_f64(warm_s));
		moments.recording.store(true, Relaxed);
		let begin = Snapshot::take(&counters);
		thread::sleep(Duration::from_secs_f64(seconds));
		let end = Snapshot::take(&counters);
		moments.stop.store(true, Relaxed);
		for thread in running {
			waits.merge(&thread.join().expect("a caller panicked"));
		}
		(begin, end)
	});
	let mut reply = reply(&counters, &begin, &end);
	if timed {
		reply["waits"] = waits.pairs();
		reply["wait_max"] = json!(waits.max());
	}
	Ok(reply)
}

fn reply(counters: &[Counters], begin: &Snapshot, end: &Snapshot) -> Value {
	let total = |counter: fn(&Counters) -> &AtomicU64| -> u64 {
		counters
			.iter()
			.map(|of_thread| counter(of_thread).load(Relaxed))
			.sum()
	};
	let ops: Vec<u64> = end
		.ops
		.iter()
		.zip(&begin.ops)
		.map(|(end, begin)| end - begin)
		.collect();
	json!({
		"seconds": between(begin.at, end.at) as f64 / 1e9,
		"ops": ops,
		"timeouts": total(|counters| &counters.timeouts),
		"failures": total(|counters| &counters.failures),
		"cpu_s": end.cpu_s - begin.cpu_s,
		"ctx_switches": end.ctx_switches - begin.ctx_switches,
	})
}
