// SPDX-License-Identifier: BSD-2-Clause

import java.io.PrintWriter;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.SQLFeatureNotSupportedException;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.logging.Logger;
import javax.sql.DataSource;

/**
 * A JDBC driver whose connections do nothing. Written out, where a java.lang.reflect.Proxy would
 * make each call of the pool a reflective one.
 */
final class StubDriver implements DataSource {
	/** Class 08 of SQL states: the connection is gone. A pool closes it when it is returned. */
	private static final String STATE_GONE = "08006";

	private final long openNs;
	private final long openTimeoutNs;
	private final long pingNs;
	volatile boolean down;
	final AtomicLong opened = new AtomicLong(); // connections that are open
	final AtomicLong opens = new AtomicLong();
	final AtomicLong openFailures = new AtomicLong();
	final AtomicLong shared = new AtomicLong(); // uses that found another owner

	StubDriver(long openNs, long openTimeoutNs, long pingNs) {
		this.openNs = openNs;
		this.openTimeoutNs = openTimeoutNs;
		this.pingNs = pingNs;
	}

	@Override
	public Connection getConnection() throws SQLException {
		try {
			connect();
		} catch (SQLException fault) {
			openFailures.incrementAndGet();
			throw fault;
		}
		opens.incrementAndGet();
		opened.incrementAndGet();
		return new StubConnection(this);
	}

	private void connect() throws SQLException {
		if (down)
			throw new SQLException("the database is down", STATE_GONE);
		Load.sleep(Math.min(openNs, openTimeoutNs));
		if (openNs > openTimeoutNs)
			throw new SQLException("opening took longer than open_timeout_ns", STATE_GONE);
	}

	@Override
	public Connection getConnection(String user, String password) throws SQLException {
		return getConnection();
	}

	@Override
	public PrintWriter getLogWriter() {
		return null;
	}

	@Override
	public void setLogWriter(PrintWriter out) {}

	@Override
	public void setLoginTimeout(int seconds) {}

	@Override
	public int getLoginTimeout() {
		return 0;
	}

	@Override
	public Logger getParentLogger() throws SQLFeatureNotSupportedException {
		throw new SQLFeatureNotSupportedException();
	}

	@Override
	public <T> T unwrap(Class<T> type) throws SQLException {
		throw new SQLFeatureNotSupportedException();
	}

	@Override
	public boolean isWrapperFor(Class<?> type) {
		return false;
	}

	static final class StubConnection extends UnsupportedConnection {
		private final StubDriver driver;
		private final AtomicInteger users = new AtomicInteger();
		private boolean autoCommit = true;
		private boolean closed;

		StubConnection(StubDriver driver) {
			this.driver = driver;
		}

		/** Use the connection as long as hold takes. */
		long use(Load.Hold hold, Load.Random random) {
			if (users.incrementAndGet() != 1)
				driver.shared.incrementAndGet();
			final long work = hold.run(random);
			users.decrementAndGet();
			return work;
		}

		/** The call in which a user of the connection learns that the database is down. */
		@Override
		public String nativeSQL(String sql) throws SQLException {
			if (driver.down)
				throw new SQLException("the database is down", STATE_GONE);
			return sql;
		}

		@Override
		public boolean isValid(int seconds) {
			Load.sleep(driver.pingNs);
			return !driver.down;
		}

		@Override
		public void close() {
			if (!closed)
				driver.opened.decrementAndGet();
			closed = true;
		}

		@Override
		public void abort(Executor executor) {
			close();
		}

		@Override
		public boolean isClosed() {
			return closed;
		}

		@Override
		public boolean getAutoCommit() {
			return autoCommit;
		}

		@Override
		public void setAutoCommit(boolean autoCommit) {
			this.autoCommit = autoCommit;
		}

		@Override
		public boolean isReadOnly() {
			return false;
		}

		@Override
		public void setReadOnly(boolean readOnly) {}

		@Override
		public int getTransactionIsolation() {
			return TRANSACTION_READ_COMMITTED;
		}

		@Override
		public void clearWarnings() {}

		@Override
		public int getNetworkTimeout() {
			return 0;
		}

		@Override
		public void setNetworkTimeout(Executor executor, int milliseconds) {}

		@Override
		public void rollback() {}
	}
}
