-- Recurring work that all processes share, and the messages that wait to be told.

create table task (
  kind text collate "C" not null,
  key text collate "C" not null,
  due timestamptz(3) not null,
  lease_owner text,
  -- By the database's clock, which all processes share.
  lease_until timestamptz,
  fence bigint not null default 0,
  -- Woken while it ran: due at once afterwards.
  is_woken boolean not null default false,
  failures integer not null default 0,
  last_error text,
  last_started_at timestamptz(3),
  last_completed_at timestamptz(3),
  primary key (kind, key)
) with (
  -- Every run writes its row twice: when it is taken (in place, HOT: `due` stays) and when it is given back.
  fillfactor = 50,
  autovacuum_vacuum_scale_factor = 0.0,
  autovacuum_vacuum_threshold = 500,
  autovacuum_vacuum_cost_delay = 0
);

create index task_due on task (kind, due);

create table outbox (
  sequence bigint generated always as identity primary key,
  order_key text collate "C" not null,
  event json not null,
  created_at timestamptz(3) not null
) with (
  -- A queue: all of it is dead soon, and the dead stand where the next reader begins.
  autovacuum_vacuum_scale_factor = 0.0,
  autovacuum_vacuum_threshold = 1000,
  autovacuum_vacuum_insert_scale_factor = 0.0,
  autovacuum_vacuum_insert_threshold = 10000,
  autovacuum_vacuum_cost_delay = 0
);
