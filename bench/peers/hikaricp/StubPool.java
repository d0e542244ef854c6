// SPDX-License-Identifier: BSD-2-Clause

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;

/** HikariCP over the stub driver, as its users configure it, and those who call it. */
record StubPool(HikariDataSource source, StubDriver driver) {
	private static final long NS_PER_MS = 1_000_000;
	/** HikariCP refuses a shorter timeout of any kind. */
	private static final long TIMEOUT_MS_MIN = 250;
	private static final long VALIDATION_MS = 5000;

	static StubPool open(HikariChild.Order order) throws HikariChild.BadOrder {
		final long timeoutMs = (order.acquireTimeoutNs() + NS_PER_MS - 1) / NS_PER_MS;

		if (order.connsMin() < 0 || order.connsMax() < 1 || order.connsMin() > order.connsMax())
			throw new HikariChild.BadOrder(
					"open needs 0 <= conns_min <= conns_max, conns_max >= 1");
		if (order.openTimeoutNs() < 1)
			throw new HikariChild.BadOrder("open needs an open_timeout_ns");
		if (timeoutMs < TIMEOUT_MS_MIN)
			throw new HikariChild.BadOrder("HikariCP takes no acquire_timeout_ns below 250 ms");
		final StubDriver driver =
				new StubDriver(order.openNs(), order.openTimeoutNs(), order.pingNs());
		final HikariConfig config = new HikariConfig();
		config.setDataSource(driver);
		config.setMinimumIdle(order.connsMin());
		config.setMaximumPoolSize(order.connsMax());
		config.setConnectionTimeout(timeoutMs);
		config.setValidationTimeout(Math.min(VALIDATION_MS, timeoutMs));
		try {
			// This constructor, not the empty one, makes getConnection() look for no pool.
			final StubPool pool = new StubPool(new HikariDataSource(config), driver);
			pool.awaitConnections(order.connsMin());
			return pool;
		} catch (RuntimeException fault) {
			throw new HikariChild.BadOrder(String.valueOf(fault.getMessage()));
		}
	}

	/** HikariCP opens all but the first connection behind its user's back. */
	private void awaitConnections(int count) throws HikariChild.BadOrder {
		while (source.getHikariPoolMXBean().getTotalConnections() < count) {
			if (driver.openFailures.get() > 0) {
				source.close();
				throw new HikariChild.BadOrder(
						"a connection cannot be opened within open_timeout_ns");
			}
			Load.sleep(NS_PER_MS);
		}
	}

	void close() {
		source.close();
	}

	/** What a caller is doing, and how often it did what. */
	enum Field { OPS, TIMEOUTS, FAILURES, STATE }

	static final long IDLE = 0;
	static final long WAITING = 1;
	static final long HOLDING = 2;

	/**
	 * Written by one thread each, read by others meanwhile. Opaque, because a volatile store is a
	 * locked instruction in every round.
	 */
	static final class Counters {
		private static final VarHandle WORD = MethodHandles.arrayElementVarHandle(long[].class);
		/** Two cache lines: the processor fetches them in pairs. */
		private static final int STRIDE = 16;

		private final long[] words;
		final int threads;

		Counters(int threads) {
			this.threads = threads;
			words = new long[(threads + 2) * STRIDE];
		}

		private static int index(int thread, Field field) {
			return (thread + 1) * STRIDE + field.ordinal();
		}

		long get(int thread, Field field) {
			return (long) WORD.getOpaque(words, index(thread, field));
		}

		void set(int thread, Field field, long value) {
			WORD.setOpaque(words, index(thread, field), value);
		}

		void count(int thread, Field field) {
			set(thread, field, words[index(thread, field)] + 1);
		}

		long total(Field field) {
			long total = 0;

			for (int thread = 0; thread < threads; thread++)
				total += get(thread, field);
			return total;
		}
	}

	/** One thread of the load. */
	static final class Caller {
		final HikariDataSource source;
		final Counters counters;
		final int thread;
		final Load.Hold hold;
		final Load.Random random;

		Caller(Load load, Counters counters, int thread, long seed) {
			this.source = load.pool().source();
			this.counters = counters;
			this.thread = thread;
			this.hold = load.hold();
			this.random = new Load.Random(seed, thread);
		}

		/** null: the timeout has passed, or HikariCP told another failure. */
		Connection acquire() {
			counters.set(thread, Field.STATE, WAITING);
			try {
				final Connection connection = source.getConnection();
				counters.set(thread, Field.STATE, HOLDING);
				return connection;
			} catch (SQLTransientConnectionException timeout) {
				counters.count(thread, Field.TIMEOUTS);
			} catch (SQLException failure) {
				counters.count(thread, Field.FAILURES);
			}
			counters.set(thread, Field.STATE, IDLE);
			return null;
		}

		void release(Connection connection) {
			try {
				connection.close();
			} catch (SQLException failure) {
				counters.count(thread, Field.FAILURES);
			}
			counters.set(thread, Field.STATE, IDLE);
			counters.count(thread, Field.OPS);
		}
	}
}
