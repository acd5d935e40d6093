import pg from 'pg';
import { ServiceError } from '#core/error.ts';
import { decodingTypes, encoded } from './values.ts';
import type { SqlValue } from './values.ts';

/** One SQL statement of this program. Its name is unique; it names it in measurements too. */
export interface Statement {
  readonly name: string;
  readonly text: string;
  /** Planned once per connection: for those that are run all the time. */
  readonly isPrepared: boolean;
}

/** A statement that is planned anew each time, for its very parameters. */
export function statement(name: string, text: string): Statement {
  return { name, text, isPrepared: false };
}

/** A statement that each connection plans once. */
export function prepared(name: string, text: string): Statement {
  return { name, text, isPrepared: true };
}

/** Something that statements can be sent to: a database, or a transaction in it. */
export interface Queryable {
  /** Runs a statement and gives its rows, as objects by column name. */
  rows<Row extends object>(statement: Statement, values?: readonly SqlValue[]): Promise<Row[]>;
  /** Runs a statement. @returns how many rows it touched. */
  run(statement: Statement, values?: readonly SqlValue[]): Promise<number>;
}

/** Connections to one PostgreSQL database. A single statement is a transaction of its own. */
export interface Database extends Queryable {
  /**
   * Does `work` in a transaction (read committed): committed when it resolves, undone when it rejects. When the database gives up on it because of
   * others (deadlock, serialization), it is done again from the start, so `work` must have no effect but its statements.
   */
  transaction<Result>(work: (transaction: Queryable) => Promise<Result>): Promise<Result>;
  /** How many connections there are, how many of them idle, and how many statements wait for one. */
  counts(): { totalCount: number; idleCount: number; waitingCount: number };
  /** Waits for what is under way and ends all connections. May be called again. */
  close(): Promise<void>;
}

export interface DatabaseOptions {
  url: string;
  /** Connections at most. */
  max: number;
  /** How long one statement may take; absent: as long as it wants. */
  statementTimeoutMs?: number | undefined;
  /** Told of connections that break while nobody uses them. */
  onError: (error: unknown) => void;
  /** Told the name of every statement as it is sent. */
  onStatement: (name: string) => void;
}

/** How long to wait for a connection (a new one, or a free one) before the caller is told that the database is not available. */
const connectTimeoutMs = 10_000;
const idleConnectionMs = 60_000;
/** How much later than the server we give up ourselves, on a server that has fallen silent. */
const silenceMs = 5_000;
const attemptsPerTransaction = 5;

/** Settings that every connection of this program needs, whatever the server's defaults. */
export function connectionSettings(url: string): pg.ClientConfig {
  return {
    connectionString: url,
    application_name: 'worker-manager',
    keepAlive: true,
    connectionTimeoutMillis: connectTimeoutMs,
    types: decodingTypes,
    // Plans are kept while tables grow from nothing to millions of rows, often faster than statistics follow: a plan that reads a small table
    // whole would stay. Every statement of ours has its index.
    options: '-c timezone=UTC -c datestyle=ISO -c enable_seqscan=off -c random_page_cost=1.1 -c jit=off',
  };
}

/** Opens a pool of connections; the first is made when it is needed. */
export function openDatabase(options: DatabaseOptions): Database {
  const { statementTimeoutMs } = options;
  const pool = new pg.Pool({
    ...connectionSettings(options.url),
    max: options.max,
    idleTimeoutMillis: idleConnectionMs,
    ...(statementTimeoutMs === undefined
      ? {}
      : { statement_timeout: statementTimeoutMs, query_timeout: statementTimeoutMs + silenceMs }),
  });
  pool.on('error', options.onError);
  const direct = queryable(pool, options.onStatement);
  let closing: Promise<void> | undefined;
  return {
    rows: async (sql, values) => withRetries(() => direct.rows(sql, values)),
    run: async (sql, values) => withRetries(() => direct.run(sql, values)),
    transaction: async (work) => withRetries(() => transact(pool, options.onStatement, work)),
    counts: () => ({ totalCount: pool.totalCount, idleCount: pool.idleCount, waitingCount: pool.waitingCount }),
    close: async () => (closing ??= pool.end()),
  };
}

function queryable(connection: pg.Pool | pg.PoolClient, onStatement: (name: string) => void): Queryable {
  const send = async <Row extends object>(sql: Statement, values: readonly SqlValue[] = []) => {
    const { name, text } = sql;
    onStatement(name);
    const parameters = values.map(encoded);
    const query = sql.isPrepared ? { name, text, values: parameters } : { text, values: parameters };
    try {
      return await connection.query<Row>(query);
    } catch (error) {
      throw translated(error);
    }
  };
  return {
    rows: async <Row extends object>(sql: Statement, values?: readonly SqlValue[]) =>
      (await send<Row>(sql, values)).rows,
    run: async (sql, values) => (await send(sql, values)).rowCount ?? 0,
  };
}

const begin = statement('begin', 'begin isolation level read committed');
const commit = statement('commit', 'commit');
const rollback = statement('rollback', 'rollback');

async function transact<Result>(
  pool: pg.Pool,
  onStatement: (name: string) => void,
  work: (transaction: Queryable) => Promise<Result>,
): Promise<Result> {
  const client = await pool.connect().catch((error: unknown) => {
    throw translated(error);
  });
  // A connection that breaks fails its statement, which is enough; the event would end the process if nobody listened.
  const ignore = (): void => undefined;
  client.on('error', ignore);
  const release = (isBroken: boolean): void => {
    client.off('error', ignore);
    client.release(isBroken);
  };
  const transaction = queryable(client, onStatement);
  try {
    await transaction.run(begin);
    const result = await work(transaction);
    await transaction.run(commit);
    release(false);
    return result;
  } catch (error) {
    await transaction.run(rollback).then(
      () => release(false),
      () => release(true),
    );
    throw error;
  }
}

/** Repeats what the database gave up for the sake of others. */
async function withRetries<Result>(work: () => Promise<Result>): Promise<Result> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (!isLostToOthers(error)) throw error;
      if (attempt === attemptsPerTransaction) {
        throw new ServiceError('unavailable', 'the database is too busy', { cause: error });
      }
    }
  }
}

/** Serialization failure and deadlock (PostgreSQL manual, appendix A): the others have gone on, a repeat has good prospects at once. */
function isLostToOthers(error: unknown): boolean {
  return error instanceof pg.DatabaseError && (error.code === '40001' || error.code === '40P01');
}

/** The database is going away, coming up, full, or (57014) was told to stop a statement that took too long. */
const unavailableStates = /^(?:08...|53...|57P0.|57014)$/;
/** Characters that cannot be stored, and numbers and dates beyond what the columns hold. */
const unstorableStates = /^(?:22003|22008|22021|22P05)$/;

/** What the driver threw, as what the caller can do about it. */
function translated(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof TypeError) return error;
  if (!(error instanceof pg.DatabaseError)) {
    // The driver's own errors are all about the connection.
    return new ServiceError('unavailable', 'the database cannot be reached', { cause: error });
  }
  const state = error.code ?? '';
  if (unavailableStates.test(state)) {
    const what = state === '57014' ? 'the database took too long to answer' : 'the database cannot be used now';
    return new ServiceError('unavailable', what, { cause: error });
  }
  if (unstorableStates.test(state)) {
    return new ServiceError('schema-violation', 'a character, number or date is beyond what can be stored', {
      cause: error,
    });
  }
  return error;
}
