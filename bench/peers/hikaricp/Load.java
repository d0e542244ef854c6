// SPDX-License-Identifier: BSD-2-Clause

import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;

/**
 * The load that all pools of a run get. Draws, hold and buckets must be what bench/load/ has; the
 * test of this program compares them.
 */
record Load(int threads, Load.Hold hold, StubPool pool) {
	/** Park until the time is over: a park may end early. */
	static void sleep(long ns) {
		final long end = System.nanoTime() + ns;

		for (long left = ns; left > 0; left = end - System.nanoTime())
			LockSupport.parkNanos(left);
	}

	/** xorshift64*, a stream for each thread. */
	static final class Random {
		private long state;

		Random(long seed, long stream) {
			long mixed = seed + (stream + 1) * 0x9E3779B97F4A7C15L;

			mixed = (mixed ^ (mixed >>> 30)) * 0xBF58476D1CE4E5B9L;
			mixed = (mixed ^ (mixed >>> 27)) * 0x94D049BB133111EBL;
			mixed ^= mixed >>> 31;
			state = mixed != 0 ? mixed : 1;
		}

		/** 32 bits, as a number that is not negative. */
		long draw() {
			long x = state;

			x ^= x >>> 12;
			x ^= x << 25;
			x ^= x >>> 27;
			state = x;
			return (x * 0x2545F4914F6CDD1DL) >>> 32;
		}
	}

	/** What a caller does with a connection: one of the parts. */
	record Hold(Part[] parts, boolean[] sleeps) {
		/** Drawn when the draw is below the number, and no earlier part was. */
		record Part(String kind, long below, long ns, long links) {}

		/**
		 * Not final: were it a constant to the compiler, it could unroll the chain and fold its links
		 * into fewer.
		 */
		private static long factor = 6364136223846793005L;

		static Hold of(List<Part> given) throws HikariChild.BadOrder {
			final Part[] parts = given == null ? new Part[0] : given.toArray(new Part[0]);
			final boolean[] sleeps = new boolean[parts.length];

			for (int i = 0; i < parts.length; i++) {
				sleeps[i] = "sleep".equals(parts[i].kind());
				if (!sleeps[i] && !"work".equals(parts[i].kind()))
					throw new HikariChild.BadOrder("unknown kind of hold \"" + parts[i].kind() + "\"");
			}
			return new Hold(parts, sleeps);
		}

		/** A single part draws nothing: the draw would be part of the cost. */
		int choose(Random random) {
			final int last = parts.length - 1;
			int part = 0;

			if (last < 1)
				return 0;
			for (final long draw = random.draw(); part < last && draw >= parts[part].below(); part++)
				;
			return part;
		}

		/** Hold once. The result is that of the work: who drops it lets the work be dropped. */
		long run(Random random) {
			if (parts.length == 0)
				return 0;
			final int part = choose(random);
			if (!sleeps[part])
				return work(parts[part].links());
			sleep(parts[part].ns());
			return 0;
		}

		static long work(long links) {
			final long by = factor;
			long x = links;

			for (long i = 0; i < links; i++)
				x = x * by + 1442695040888963407L;
			return x;
		}
	}

	/** Log-linear, as weir-bench's: 64 buckets for each power of two up to 2^40 ns. */
	static final class Histogram {
		private static final int SUB_BITS = 6;
		private static final int VALUE_BITS = 40;

		private final long[] buckets = new long[(VALUE_BITS - SUB_BITS + 1) << SUB_BITS];
		private long max;

		static int bucket(long value) {
			final long v = Math.min(Math.max(value, 0), (1L << VALUE_BITS) - 1);

			if (v < 1 << SUB_BITS)
				return (int) v;
			final int exponent = 63 - Long.numberOfLeadingZeros(v) - SUB_BITS;
			return (exponent << SUB_BITS) + (int) (v >>> exponent);
		}

		void record(long value) {
			buckets[bucket(value)]++;
			max = Math.max(max, value);
		}

		void merge(Histogram from) {
			for (int i = 0; i < buckets.length; i++)
				buckets[i] += from.buckets[i];
			max = Math.max(max, from.max);
		}

		long max() {
			return max;
		}

		/** The buckets that are not empty, as the reply has them. */
		long[][] pairs() {
			return IntStream.range(0, buckets.length)
					.filter(i -> buckets[i] > 0)
					.mapToObj(i -> new long[] {i, buckets[i]})
					.toArray(long[][]::new);
		}
	}
}
