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
	begin: i64, // since the timeline's own
	end: i64,
	down: bool,
	arrival: Arrival,
	gap_ns: f64, // between the operations of one caller; infinite: nobody comes
}

/// What came of one phase.
#[derive(Default)]
struct PhaseResult {
	ops: u64,
	timeouts: u64,
	failures: u64,
	waits: Histogram,
	responses: Histogram,
}

impl PhaseResult {
	fn merge(&mut self, from: &PhaseResult) {
		self.ops += from.ops;
		self.timeouts += from.timeouts;
		self.failures += from.failures;
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
				gap_ns: 1e9 / rate,
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

/// When a caller's operations of one phase are due.
struct Schedule<'a> {
	timeline: &'a Timeline,
	phase: &'a Phase,
	base: f64,
	count: u32,
	draws: &'a mut Random,
}

impl<'a> Schedule<'a> {
	fn new(
		timeline: &'a Timeline,
		phase: &'a Phase,
		share: f64,
		draws: &'a mut Random,
	) -> Schedule<'a> {
		let mut base = phase.begin as f64;
		if let Arrival::Even = phase.arrival {
			base += phase.gap_ns * share;
		}
		Schedule {
			timeline,
			phase,
			base,
			count: 0,
			draws,
		}
	}

	fn next(&mut self) -> Option<i64> {
		let at = match self.phase.arrival {
			Arrival::Closed => self.base.max(self.timeline.now() as f64),
			Arrival::Once if self.count == 0 => self.base,
			Arrival::Once => return None,
			Arrival::Even => self.base + f64::from(self.count) * self.phase.gap_ns,
			Arrival::Poisson => {
				let draw = (f64::from(self.draws.draw()) + 1.0) / 4294967296.0;
				self.base -= draw.ln() * self.phase.gap_ns;
				self.base
			}
		};
		self.count += 1;
		// An infinite gap makes at infinite, or no number: 0 times infinite.
		if at < self.phase.end as f64 || matches!(self.phase.arrival, Arrival::Once) {
			Some(at as i64)
		} else {
			None
		}
	}
}

/// Carry out what is due from due on.
fn operate(caller: &mut Caller, timeline: &Timeline, due: i64, result: &mut PhaseResult) {
	let conn = caller.acquire();
	let acquired = timeline.now();
	result.waits.record(acquired - due);
	let mut conn = match conn {
		Some(conn) => conn,
		None => {
			result.timeouts += 1;
			result.responses.record(acquired - due);
			return;
		}
	};
	let (load, random) = (caller.load, &mut caller.random);
	let used = conn.use_for(|| load.hold.run(random));
	caller.release(conn);
	count(&caller.counters.ops);
	if used {
		result.ops += 1;
		result.responses.record(timeline.now() - due);
	} else {
		result.failures += 1;
	}
}

fn run_phases(mut caller: Caller, timeline: &Timeline, index: usize) -> Vec<PhaseResult> {
	let threads = caller.load.threads;
	let mut arrivals = Random::new(timeline.seed, (threads + index) as u64);
	let share = index as f64 / threads as f64;
	let of_phase = |phase| {
		let mut result = PhaseResult::default();
		let mut schedule = Schedule::new(timeline, phase, share, &mut arrivals);
		while let Some(due) = schedule.next() {
			timeline.sleep_until(due);
			if timeline.now() < timeline.end {
				operate(&mut caller, timeline, due, &mut result);
			} else {
				result.waits.record(timeline.end - due);
				result.responses.record(timeline.end - due);
			}
		}
		result
	};
	timeline.phases.iter().map(of_phase).collect()
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
		"failures": result.failures,
		"waits": result.waits.pairs(), "wait_max": result.waits.max(),
		"response": result.responses.pairs(), "response_max": result.responses.max(),
	})
}
