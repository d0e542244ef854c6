// SPDX-License-Identifier: BSD-2-Clause

//! A timeline: phases that follow each other without a break, each with an arrival
//! of its own, and a sampler that looks at the pool meanwhile.
//!
//! An operation belongs to the phase in which it is due. A caller that is late
//! serves what was due first, also in the next phases; what is not begun when the
//! timeline ends is recorded as having waited until then, or an overload would
//! hide its longest waits.

use crate::load::{between, Histogram, Load, Random};
use crate::pool::{count, Caller, Counters, STATE_HOLDING, STATE_WAITING};
use crate::{integer, Outcome};
use serde_json::{json, Value};
use std::sync::atomic::Ordering::Relaxed;
use std::thread;
use std::time::{Duration, Instant};

/// All callers have started by then, or the first spike would measure that too.
const START_DELAY: Duration = Duration::from_millis(50);

enum Arrival {
	Closed,
	Once,
	Even,
	Poisson,
}

struct Phase {
	name: String,
	begin: i64, // since that of the timeline
	end: i64,
	down: bool,
	arrival: Arrival,
	rate: f64, // operations of one caller a second
}

/// What came of one phase.
#[derive(Default)]
struct PhaseResult {
	ops: u64,
	timeouts: u64,
	failures: u64,
	unserved: u64,
	waits: Histogram,
	responses: Histogram,
}

impl PhaseResult {
	fn merge(&mut self, from: &PhaseResult) {
		self.ops += from.ops;
		self.timeouts += from.timeouts;
		self.failures += from.failures;
		self.unserved += from.unserved;
		self.waits.merge(&from.waits);
		self.responses.merge(&from.responses);
	}
}

struct Timeline {
	phases: Vec<Phase>,
	sample_ns: i64,
	end: i64,
	seed: u64,
	epoch: Instant, // when the first phase begins
}

impl Timeline {
	fn read(order: &Value) -> Result<Timeline, String> {
		let sample_ns = integer(order, "sample_ns");
		let listed = order["phases"]
			.as_array()
			.map(Vec::as_slice)
			.unwrap_or_default();
		if listed.is_empty() || sample_ns < 1 {
			return Err("timeline needs phases and a sample_ns above 0".to_string());
		}
		let mut phases = Vec::new();
		let mut begin = 0;
		for phase in listed {
			let arrival = match phase["arrival"].as_str() {
				Some("closed") => Arrival::Closed,
				Some("once") => Arrival::Once,
				Some("even") => Arrival::Even,
				Some("poisson") => Arrival::Poisson,
				_ => return Err(format!("unknown arrival {}", phase["arrival"])),
			};
			let rate = phase["rate"].as_f64().unwrap_or(0.0);
			if integer(phase, "ns") < 0 || rate < 0.0 {
				return Err(format!("phase {} has a negative ns or rate", phase["name"]));
			}
			let end = begin + integer(phase, "ns");
			phases.push(Phase {
				name: phase["name"].as_str().unwrap_or_default().to_string(),
				begin,
				end,
				down: phase["down"].as_bool().unwrap_or(false),
				arrival,
				rate,
			});
			begin = end;
		}
		let seed = integer(order, "seed") as u64;
		Ok(Timeline {
			phases,
			sample_ns,
			end: begin,
			seed,
			epoch: Instant::now() + START_DELAY,
		})
	}

	fn now(&self) -> i64 {
		between(self.epoch, Instant::now())
	}

	fn sleep_until(&self, ns: i64) {
		let left = ns - self.now();
		if left > 0 {
			thread::sleep(Duration::from_nanos(left as u64));
		}
	}
}

/// Due times are drawn apart from holds, and each phase has a stream of its own.
const DUE_STREAM: u64 = 1 << 32;

/// When a caller's operations of one phase are due. An open loop's are counted by
/// the rate: 0.5 is half an operation after the phase's begin.
struct Schedule<'a> {
	timeline: &'a Timeline,
	phase: &'a Phase,
	sum: f64, // to the next one
	draws: Random,
	finished: bool,
}

impl<'a> Schedule<'a> {
	fn new(timeline: &'a Timeline, number: usize, index: usize, threads: usize) -> Schedule<'a> {
		let phase = &timeline.phases[number];
		let stream = DUE_STREAM * (number as u64 + 1) + index as u64;
		let mut draws = Random::new(timeline.seed, stream);
		let sum = match phase.arrival {
			Arrival::Poisson => draw_gap(&mut draws),
			_ => index as f64 / threads as f64,
		};
		Schedule {
			timeline,
			phase,
			sum,
			draws,
			finished: false,
		}
	}
}

/// Exponential with mean 1; a draw is never 0, whose logarithm is none.
fn draw_gap(draws: &mut Random) -> f64 {
	-((f64::from(draws.draw()) + 0.5) / 4294967296.0).ln()
}

impl Iterator for Schedule<'_> {
	type Item = i64;

	/// The next time that is due, if there is one in this phase.
	fn next(&mut self) -> Option<i64> {
		let phase = self.phase;
		let step = match phase.arrival {
			Arrival::Closed => {
				let due = self.timeline.now().max(phase.begin);
				return Some(due).filter(|due| *due < phase.end);
			}
			Arrival::Once => {
				let more = !self.finished;
				self.finished = true;
				return Some(phase.begin).filter(|_| more);
			}
			Arrival::Even => 1.0,
			Arrival::Poisson => draw_gap(&mut self.draws),
		};
		let at = self.sum / phase.rate * 1e9;
		self.sum += step;
		// No number, or infinite, where the rate is 0.
		if at < (phase.end - phase.begin) as f64 {
			Some(phase.begin + at as i64)
		} else {
			None
		}
	}
}

/// Carry out what is due from due on.
fn operate(caller: &mut Caller, timeline: &Timeline, due: i64, result: &mut PhaseResult) {
	let conn = caller.acquire();
	result.waits.record(timeline.now() - due);
	if let Some(mut conn) = conn {
		let (load, random) = (caller.load, &mut caller.random);
		if conn.use_for(|| load.hold.run(random)) {
			result.ops += 1;
		} else {
			result.failures += 1;
		}
		caller.release(conn);
		count(&caller.counters.ops);
	} else {
		result.timeouts += 1;
	}
	result.responses.record(timeline.now() - due);
}

fn run_phases(mut caller: Caller, timeline: &Timeline, index: usize) -> Vec<PhaseResult> {
	let threads = caller.load.threads;
	let of_phase = |number| {
		let mut result = PhaseResult::default();
		for due in Schedule::new(timeline, number, index, threads) {
			timeline.sleep_until(due);
			if timeline.now() < timeline.end {
				operate(&mut caller, timeline, due, &mut result);
			} else {
				result.unserved += 1;
				result.waits.record(timeline.end - due);
				result.responses.record(timeline.end - due);
			}
		}
		result
	};
	(0..timeline.phases.len()).map(of_phase).collect()
}

fn sample(timeline: &Timeline, load: &Load, counters: &[Counters]) -> Value {
	let mut samples: [Vec<i64>; 4] = Default::default();
	let mut at = 0;
	while at < timeline.end {
		timeline.sleep_until(at);
		let mut states = [0; 3];
		for of_thread in counters {
			states[of_thread.state.load(Relaxed) as usize] += 1;
		}
		let taken = timeline.now();
		let open = load.pool.driver.opened.load(Relaxed);
		let row = [
			taken,
			open,
			states[STATE_HOLDING as usize],
			states[STATE_WAITING as usize],
		];
		for (column, value) in samples.iter_mut().zip(row) {
			column.push(value);
		}
		// Late: the samples that were missed are not made up.
		at += ((taken - at) / timeline.sample_ns + 1) * timeline.sample_ns;
	}
	let [t_ns, open, in_use, waiting] = samples;
	json!({"t_ns": t_ns, "open": open, "in_use": in_use, "waiting": waiting})
}

pub fn run(load: &Load, order: &Value) -> Outcome {
	let timeline = Timeline::read(order)?;
	let driver = &load.pool.driver;
	let (opens, open_failures) = (
		driver.opens.load(Relaxed),
		driver.open_failures.load(Relaxed),
	);
	let counters: Vec<Counters> = (0..load.threads).map(|_| Counters::default()).collect();
	let mut merged: Vec<PhaseResult> = timeline
		.phases
		.iter()
		.map(|_| PhaseResult::default())
		.collect();
	let samples = thread::scope(|scope| {
		let running: Vec<_> = (0..load.threads)
			.map(|index| {
				let caller = Caller::new(load, &counters[index], timeline.seed, index);
				let timeline = &timeline;
				scope.spawn(move || run_phases(caller, timeline, index))
			})
			.collect();
		let sampler = scope.spawn(|| sample(&timeline, load, &counters));
		for phase in &timeline.phases {
			driver.down.store(phase.down, Relaxed);
			timeline.sleep_until(phase.end);
		}
		driver.down.store(false, Relaxed);
		for thread in running {
			let results = thread.join().expect("a caller panicked");
			merged
				.iter_mut()
				.zip(&results)
				.for_each(|(into, from)| into.merge(from));
		}
		sampler.join().expect("the sampler panicked")
	});
	if driver.shared.load(Relaxed) > 0 {
		return Err("a connection had two owners at once".to_string());
	}
	let phases: Vec<Value> = timeline
		.phases
		.iter()
		.zip(&merged)
		.map(phase_reply)
		.collect();
	Ok(json!({
		"phases": phases, "samples": samples, "opens": driver.opens.load(Relaxed) - opens,
		"open_failures": driver.open_failures.load(Relaxed) - open_failures,
	}))
}

fn phase_reply((phase, result): (&Phase, &PhaseResult)) -> Value {
	json!({
		"name": phase.name, "ops": result.ops, "timeouts": result.timeouts,
		"failures": result.failures, "unserved": result.unserved,
		"waits": result.waits.pairs(), "wait_max": result.waits.max(),
		"response": result.responses.pairs(), "response_max": result.responses.max(),
	})
}
