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
		final Load.Histogram waits = new Load.Histogram();
		final Load.Histogram responses = new Load.Histogram();

		void merge(Result from) {
			ops += from.ops;
			timeouts += from.timeouts;
			failures += from.failures;
			waits.merge(from.waits);
			responses.merge(from.responses);
		}

		Map<String, Object> reply(String name) {
			final Map<String, Object> reply = new HashMap<>();

			reply.put("name", String.valueOf(name));
			reply.put("ops", ops);
			reply.put("timeouts", timeouts);
			reply.put("failures", failures);
			reply.put("waits", waits.pairs());
			reply.put("wait_max", waits.max());
			reply.put("response", responses.pairs());
			reply.put("response_max", responses.max());
			return reply;
		}
	}

	/** When a caller's operations of one phase are due. */
	private static final class Schedule {
		static final long OVER = Long.MAX_VALUE;

		private final String arrival;
		private final long begin;
		private final double gapNs; // infinite: nobody comes
		private final Load.Random draws;
		private double at; // since begin
		private long count;

		Schedule(Phase phase, long begin, double share, Load.Random draws) {
			this.arrival = phase.arrival();
			this.begin = begin;
			this.gapNs = 1e9 / phase.rate();
			this.draws = draws;
			this.at = arrival.equals("even") ? gapNs * share : 0;
		}

		/** The next time that is due; OVER if there is none before end. */
		long next(long end) {
			final double due;

			switch (arrival) {
				case "closed" -> due = Math.max(System.nanoTime() - begin, 0);
				case "once" -> {
					return count++ == 0 ? begin : OVER;
				}
				case "even" -> due = at + count * gapNs;
				default -> {
					at -= Math.log((draws.draw() + 1) / 4294967296.0) * gapNs;
					due = at;
				}
			}
			count++;
			// An infinite gap makes due infinite, or no number: 0 times infinite.
			return due < end - begin ? begin + (long) due : OVER;
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
		final long acquired = System.nanoTime();
		final long hold;

		if (connection == null && counters.get(caller.thread, StubPool.Field.TIMEOUTS) == timeouts) {
			result.failures++; // it was told at once: no wait
			return 0;
		}
		result.waits.record(acquired - due);
		if (connection == null) {
			result.timeouts++;
			result.responses.record(acquired - due);
			return 0;
		}
		try {
			hold = connection.unwrap(StubDriver.StubConnection.class).use(caller.hold, caller.random);
			connection.nativeSQL("SELECT 1"); // through HikariCP, which looks at what it throws
		} catch (SQLException gone) {
			caller.release(connection);
			result.failures++;
			return 0;
		}
		caller.release(connection);
		result.ops++;
		result.responses.record(System.nanoTime() - due);
		return hold;
	}

	private void runCaller(int thread) {
		final StubPool.Caller caller = new StubPool.Caller(load, counters, thread, seed);
		final Load.Random arrivals = new Load.Random(seed, (long) load.threads() + thread);
		final double share = (double) thread / load.threads();
		long from = begin;

		for (int i = 0; i < ends.length; i++) {
			final Schedule schedule = new Schedule(phases.get(i), from, share, arrivals);
			final Result result = new Result();

			results[thread][i] = result;
			for (long due = schedule.next(ends[i]); due != Schedule.OVER;
					due = schedule.next(ends[i])) {
				Load.sleep(due - System.nanoTime());
				if (System.nanoTime() - end < 0) {
					work = operate(caller, due, result);
				} else {
					result.waits.record(end - due);
					result.responses.record(end - due);
				}
			}
			from = ends[i];
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
