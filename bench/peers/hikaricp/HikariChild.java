// SPDX-License-Identifier: BSD-2-Clause

import com.google.gson.FieldNamingPolicy;
import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonParseException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * HikariCP as a child of weir-bench: one JSON order a line on stdin, one reply a line on stdout,
 * exit 0 at the end of stdin.
 */
final class HikariChild {
	/** What stands in the way of an order; its message is the reply. */
	static final class BadOrder extends Exception {
		private static final long serialVersionUID = 1;

		BadOrder(String message) {
			super(message);
		}
	}

	/** All orders in one: what an order does not have is 0 or null. */
	record Order(
			String order,
			int threads, int connsMin, int connsMax, long acquireTimeoutNs, long openTimeoutNs,
			long openNs, long pingNs, List<Load.Hold.Part> hold,
			boolean timed, double warmS, double seconds, long seed,
			long sampleNs, List<Timeline.Phase> phases,
			long stream, int draws, long[] values, long links) {}

	/** The fastest round is the one that nothing interrupted. */
	private static final int SELFTEST_ROUNDS = 300;

	private static final Gson GSON = new GsonBuilder()
			.setFieldNamingPolicy(FieldNamingPolicy.LOWER_CASE_WITH_UNDERSCORES)
			.create();

	/** null: no pool is open. */
	private Load load;

	private Load load() throws BadOrder {
		if (load == null)
			throw new BadOrder("no pool is open");
		return load;
	}

	private Object open(Order order) throws BadOrder {
		if (load != null)
			throw new BadOrder("a pool is open: close it first");
		if (order.threads() < 1)
			throw new BadOrder("open needs threads");
		load = new Load(order.threads(), Load.Hold.of(order.hold()), StubPool.open(order));
		return Map.of("opened", true);
	}

	private Object close() throws BadOrder {
		load().pool().close();
		load = null;
		return Map.of("closed", true);
	}

	/**
	 * What the test of this program compares with the harness's own: the draws, the parts of the
	 * hold that they choose, the buckets, the result of the work, and the time that it takes: a
	 * compiler that found a shorter way would make the load another.
	 */
	private static Object selftest(Order order) throws BadOrder {
		final Load.Hold hold = Load.Hold.of(order.hold());
		final Load.Random random = new Load.Random(order.seed(), order.stream());
		final Load.Random choices = new Load.Random(order.seed(), order.stream());
		final long[] draws = new long[order.draws()];
		final int[] parts = new int[order.draws()];
		long workNs = Long.MAX_VALUE;
		long work = 0;

		for (int i = 0; i < draws.length; i++) {
			draws[i] = random.draw();
			parts[i] = hold.choose(choices);
		}
		for (int round = 0; round < SELFTEST_ROUNDS; round++) {
			final long start = System.nanoTime();
			work = Load.Hold.work(order.links());
			workNs = Math.min(workNs, System.nanoTime() - start);
		}
		final long[] values = order.values() == null ? new long[0] : order.values();
		return Map.of("draws", draws, "parts", parts,
				"buckets", Arrays.stream(values).mapToInt(Load.Histogram::bucket).toArray(),
				"work", work, "work_ns", workNs);
	}

	private Object carryOut(String line) throws BadOrder, InterruptedException {
		final Order order = GSON.fromJson(line, Order.class);

		if (order == null || order.order() == null)
			throw new BadOrder("this is no order");
		return switch (order.order()) {
			case "open" -> open(order);
			case "pass" -> Pass.run(load(), order);
			case "timeline" -> Timeline.run(load(), order);
			case "close" -> close();
			case "selftest" -> selftest(order);
			default -> throw new BadOrder("unknown order \"" + order.order() + "\"");
		};
	}

	private Object answer(String line) throws InterruptedException {
		try {
			return carryOut(line);
		} catch (BadOrder | JsonParseException fault) {
			return Map.of("error", String.valueOf(fault.getMessage()));
		}
	}

	public static void main(String[] args) throws IOException, InterruptedException {
		final BufferedReader in =
				new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
		final PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
		final HikariChild child = new HikariChild();

		out.println(GSON.toJson(Map.of(
				"protocol", 1, "pool", "hikaricp",
				"version", System.getProperty("hikaricp.version", "unknown"),
				"runtime", "OpenJDK " + Runtime.version(),
				"warm_s", 2.0, // until the compiler has made what it makes of the loops
				"extra_work", "pings a connection that was idle for 500 ms",
				"abilities", List.of("grows", "heals"))));
		for (String line = in.readLine(); line != null; line = in.readLine())
			out.println(GSON.toJson(child.answer(line)));
		System.exit(0); // whatever HikariCP's threads are about
	}
}
