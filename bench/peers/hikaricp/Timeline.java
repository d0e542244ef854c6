// SPDX-License-Identifier: BSD-2-Clause

import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A timeline: phases that follow each other without a break, each with an arrival of its own, and a
 * sampler that looks at the pool meanwhile.
 *
 * <p>An operation belongs to the phase in which it is due. A caller that is late serves what was due
 * first, also in the next phases; what is not begun when the timeline ends is recorded as having
 * waited until then, or an overload would hide its longest waits.
 */
final class Timeline {
	/** rate: operations of one caller a second. */
	record Phase(String name, long ns, boolean down, String arrival, double rate) {}

	/** All callers have started by then, or the first spike would measure that too. */
	private static final long START_DELAY_NS = 50_000_000;
	private static final List<String> ARRIVALS = List.of("closed", "once", "even", "poisson");

	private final Load load;
	private final List<Phase> phases;
	private final long sampleNs;
	private final long seed;
	private final StubPool.Counters counters;
	private final long[] ends; // of each phase
	private final Result[][] results; // by thread and phase
	private long begin;
	private long end;
	/** Where the results of the work end, so that they are needed. */
	private volatile long work;

	/** What came of one phase. */
	private static final class Result {
		long ops;
		long timeouts;
		long failures;
		long unserved;
		final Load.Histogram waits = new Load.Histogram();
		final Load.Histogram responses = new Load.Histogram();

		void merge(Result from) {
			ops += from.ops;
			timeouts += from.timeouts;
			failures += from.failures;
			unserved += from.unserved;
			waits.merge(from.waits);
			responses.merge(from.responses);
		}

		Map<String, Object> reply(String name) {
			final Map<String, Object> reply = new HashMap<>();

			reply.put("name", String.valueOf(name));
			reply.put("ops", ops);
			reply.put("timeouts", timeouts);
			reply.put("failures", failures);
			reply.put("unserved", unserved);
			reply.put("waits", waits.pairs());
			reply.put("wait_max", waits.max());
			reply.put("response", responses.pairs());
			reply.put("response_max", responses.max());
			return reply;
		}
	}

	/**
	 * When a caller's operations of one phase are due. An open loop's are counted by the rate: 0.5
	 * is half an operation after the phase's begin.
	 */
	private static final class Schedule {
		static final long OVER = Long.MAX_VALUE;
		/** Due times are drawn apart from holds, and each phase has a stream of its own. */
		private static final long STREAM = 1L << 32;

		private final Phase phase;
		private final long begin;
		private final Load.Random draws;
		private double sum; // to the next one
		private boolean finished;

		Schedule(Timeline timeline, int number, int thread) {
			phase = timeline.phases.get(number);
			begin = timeline.ends[number] - phase.ns();
			draws = new Load.Random(timeline.seed, STREAM * (number + 1) + thread);
			sum = phase.arrival().equals("poisson") ? drawGap()
					: (double) thread / timeline.counters.threads;
		}

		/** Exponential with mean 1; a draw is never 0, whose logarithm is none. */
		private double drawGap() {
			return -Math.log((draws.draw() + 0.5) / 4294967296.0);
		}

		/** The next time that is due; OVER if there is none in this phase. */
		long next() {
			final double at;

			switch (phase.arrival()) {
				case "closed" -> {
					final long now = Math.max(System.nanoTime() - begin, 0);
					return now < phase.ns() ? begin + now : OVER;
				}
				case "once" -> {
					final boolean more = !finished;
					finished = true;
					return more ? begin : OVER;
				}
				default -> at = sum / phase.rate() * 1e9;
			}
			sum += phase.arrival().equals("poisson") ? drawGap() : 1;
			// No number, or infinite, where the rate is 0.
			return at < phase.ns() ? begin + (long) at : OVER;
		}
	}

	private Timeline(Load load, HikariChild.Order order) throws HikariChild.BadOrder {
		this.load = load;
		phases = order.phases() == null ? List.of() : order.phases();
		sampleNs = order.sampleNs();
		seed = order.seed();
		counters = new StubPool.Counters(load.threads());
		ends = new long[phases.size()];
		results = new Result[load.threads()][phases.size()];
		if (phases.isEmpty() || sampleNs < 1)
			throw new HikariChild.BadOrder("timeline needs phases and a sample_ns above 0");
		for (Phase phase : phases) {
			if (!ARRIVALS.contains(String.valueOf(phase.arrival())))
				throw new HikariChild.BadOrder("unknown arrival \"" + phase.arrival() + "\"");
			if (phase.ns() < 0 || phase.rate() < 0)
				throw new HikariChild.BadOrder(
						"phase \"" + phase.name() + "\" has a negative ns or rate");
		}
	}

	private void start() {
		begin = System.nanoTime() + START_DELAY_NS;
		end = begin;
		for (int i = 0; i < ends.length; i++) {
			end += phases.get(i).ns();
			ends[i] = end;
		}
	}

	/** Carry out what is due from due on. */
	private long operate(StubPool.Caller caller, long due, Result result) {
		final long timeouts = counters.get(caller.thread, StubPool.Field.TIMEOUTS);
		final Connection connection = caller.acquire();
		long hold = 0;

		result.waits.record(System.nanoTime() - due);
		if (connection != null) {
			try {
				hold = connection.unwrap(StubDriver.StubConnection.class)
						.use(caller.hold, caller.random);
				connection.nativeSQL("SELECT 1"); // HikariCP looks at what it throws
				result.ops++;
			} catch (SQLException gone) {
				result.failures++;
			}
			caller.release(connection);
		} else if (counters.get(caller.thread, StubPool.Field.TIMEOUTS) > timeouts) {
			result.timeouts++;
		} else {
			result.failures++;
		}
		result.responses.record(System.nanoTime() - due);
		return hold;
	}

	private void runCaller(int thread) {
		final StubPool.Caller caller = new StubPool.Caller(load, counters, thread, seed);

		for (int i = 0; i < ends.length; i++) {
			final Schedule schedule = new Schedule(this, i, thread);
			final Result result = new Result();

			results[thread][i] = result;
			for (long due = schedule.next(); due != Schedule.OVER; due = schedule.next()) {
				Load.sleep(due - System.nanoTime());
				if (System.nanoTime() - end < 0) {
					work = operate(caller, due, result);
				} else {
					result.unserved++;
					result.waits.record(end - due);
					result.responses.record(end - due);
				}
			}
		}
	}

	/** What the sampler saw, a list for each column. */
	private record Samples(List<Long> tNs, List<Long> open, List<Long> inUse, List<Long> waiting) {}

	private void sample(Samples samples) {
		for (long at = begin; at - end < 0;) {
			final long[] states = new long[3];

			Load.sleep(at - System.nanoTime());
			for (int thread = 0; thread < counters.threads; thread++)
				states[(int) counters.get(thread, StubPool.Field.STATE)]++;
			final long taken = System.nanoTime();
			samples.tNs().add(taken - begin);
			samples.open().add(load.pool().driver().opened.get());
			samples.inUse().add(states[(int) StubPool.HOLDING]);
			samples.waiting().add(states[(int) StubPool.WAITING]);
			// Late: the samples that were missed are not made up.
			at += ((taken - at) / sampleNs + 1) * sampleNs;
		}
	}

	private Samples runThreads() throws InterruptedException {
		final StubDriver driver = load.pool().driver();
		final Samples samples = new Samples(
				new ArrayList<>(), new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
		final List<Thread> threads = new ArrayList<>();

		for (int i = 0; i < load.threads(); i++) {
			final int thread = i;
			threads.add(new Thread(() -> runCaller(thread)));
		}
		threads.add(new Thread(() -> sample(samples)));
		start();
		for (Thread thread : threads)
			thread.start();
		for (int i = 0; i < ends.length; i++) {
			driver.down = phases.get(i).down();
			Load.sleep(ends[i] - System.nanoTime());
		}
		driver.down = false;
		for (Thread thread : threads)
			thread.join();
		return samples;
	}

	static Object run(Load load, HikariChild.Order order)
			throws HikariChild.BadOrder, InterruptedException {
		final Timeline timeline = new Timeline(load, order);
		final StubDriver driver = load.pool().driver();
		final long opens = driver.opens.get();
		final long openFailures = driver.openFailures.get();
		final Samples samples = timeline.runThreads();

		if (driver.shared.get() > 0)
			throw new HikariChild.BadOrder("a connection had two owners at once");
		final List<Object> replies = new ArrayList<>();
		for (int i = 0; i < timeline.ends.length; i++) {
			final Result merged = new Result();
			for (Result[] ofThread : timeline.results)
				merged.merge(ofThread[i]);
			replies.add(merged.reply(timeline.phases.get(i).name()));
		}
		return Map.of("phases", replies, "samples", samples,
				"opens", driver.opens.get() - opens,
				"open_failures", driver.openFailures.get() - openFailures);
	}
}
