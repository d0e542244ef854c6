// SPDX-License-Identifier: BSD-2-Clause

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A pass: threads that run one loop at the same time. Their counters are read at two moments of a
 * run that began before the first and ends after the second.
 */
final class Pass {
	/**
	 * Reading the counters takes microseconds. If it took longer, the reader was preempted in the
	 * middle and they are of different moments.
	 */
	private static final long SNAPSHOT_NS_MAX = 100_000;
	private static final int SNAPSHOT_TRIES_MAX = 50;

	private final StubPool.Counters counters;
	private final Load.Histogram[] waits; // of each thread; null in a throughput pass
	private volatile boolean recording;
	private volatile boolean stop;
	/** Where the results of the work end, so that they are needed. */
	private volatile long work;

	private Pass(int threads, boolean timed) {
		counters = new StubPool.Counters(threads);
		waits = timed ? new Load.Histogram[threads] : null;
	}

	private record Snapshot(long ns, long[] ops, long cpuNs, long ctxSwitches) {
		static Snapshot take(StubPool.Counters counters) {
			final long[] ops = new long[counters.threads];
			long ns = 0;

			for (int round = 0; round < SNAPSHOT_TRIES_MAX; round++) {
				ns = System.nanoTime();
				for (int i = 0; i < ops.length; i++)
					ops[i] = counters.get(i, StubPool.Field.OPS);
				if (System.nanoTime() - ns <= SNAPSHOT_NS_MAX)
					break;
			}
			final var system = (com.sun.management.OperatingSystemMXBean)
					ManagementFactory.getOperatingSystemMXBean();
			return new Snapshot(ns, ops, system.getProcessCpuTime(), switchesOfAllThreads());
		}
	}

	/** Java has no getrusage. A thread that ends meanwhile takes its switches with it. */
	private static long switchesOfAllThreads() {
		long switches = 0;

		try (DirectoryStream<Path> tasks = Files.newDirectoryStream(Path.of("/proc/self/task"))) {
			for (Path task : tasks)
				for (String line : statusOf(task))
					if (line.contains("ctxt_switches:"))
						switches += Long.parseLong(line.substring(line.indexOf(':') + 1).strip());
		} catch (IOException fault) {
			return 0;
		}
		return switches;
	}

	private static Iterable<String> statusOf(Path task) {
		try {
			return Files.readAllLines(task.resolve("status"));
		} catch (IOException gone) {
			return List.of();
		}
	}

	/** No clock in here: a reading costs as much as a lease. */
	private void throughputLoop(StubPool.Caller caller) {
		long result = 0;

		while (!stop) {
			final Connection connection = caller.acquire();

			if (connection == null)
				continue;
			result += caller.hold.run(caller.random);
			caller.release(connection);
		}
		work = result;
	}

	private void waitLoop(StubPool.Caller caller, Load.Histogram histogram) {
		long result = 0;

		while (!stop) {
			final long start = System.nanoTime();
			final Connection connection = caller.acquire();
			final long waited = System.nanoTime() - start;

			// A timeout is a wait too, and not a short one.
			if (recording)
				histogram.record(waited);
			if (connection == null)
				continue;
			result += caller.hold.run(caller.random);
			caller.release(connection);
		}
		work = result;
	}

	/** Made on its own thread, so that what it writes is on no other's cache line. */
	private void runCaller(Load load, int thread, long seed) {
		final StubPool.Caller caller = new StubPool.Caller(load, counters, thread, seed);

		if (waits == null) {
			throughputLoop(caller);
		} else {
			waits[thread] = new Load.Histogram();
			waitLoop(caller, waits[thread]);
		}
	}

	static Object run(Load load, HikariChild.Order order)
			throws HikariChild.BadOrder, InterruptedException {
		if (order.seconds() <= 0 || order.warmS() < 0)
			throw new HikariChild.BadOrder("pass needs seconds above 0");
		final Pass pass = new Pass(load.threads(), order.timed());
		final Thread[] threads = new Thread[load.threads()];
		for (int i = 0; i < threads.length; i++) {
			final int thread = i;
			threads[i] = new Thread(() -> pass.runCaller(load, thread, order.seed()));
			threads[i].start();
		}
		Load.sleep((long) (order.warmS() * 1e9));
		pass.recording = true;
		final Snapshot begin = Snapshot.take(pass.counters);
		Load.sleep((long) (order.seconds() * 1e9));
		final Snapshot end = Snapshot.take(pass.counters);
		pass.stop = true;
		for (Thread thread : threads)
			thread.join();
		return pass.reply(begin, end);
	}

	private Map<String, Object> reply(Snapshot begin, Snapshot end) {
		final Map<String, Object> reply = new HashMap<>();
		final long[] ops = new long[counters.threads];

		for (int i = 0; i < ops.length; i++)
			ops[i] = end.ops()[i] - begin.ops()[i];
		reply.put("seconds", (end.ns() - begin.ns()) / 1e9);
		reply.put("ops", ops);
		reply.put("timeouts", counters.total(StubPool.Field.TIMEOUTS));
		reply.put("failures", counters.total(StubPool.Field.FAILURES));
		reply.put("cpu_s", (end.cpuNs() - begin.cpuNs()) / 1e9);
		reply.put("ctx_switches", Math.max(end.ctxSwitches() - begin.ctxSwitches(), 0));
		if (waits != null) {
			final Load.Histogram merged = new Load.Histogram();
			for (Load.Histogram histogram : waits)
				merged.merge(histogram);
			reply.put("waits", merged.pairs());
			reply.put("wait_max", merged.max());
		}
		return reply;
	}
}
