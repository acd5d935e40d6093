-- Workers, their sums, and when the clouds were looked at (spec/api.md 7.3, 7.7; spec/provisioning.md 1).

create table worker (
  worker_pool_id text collate "C" not null,
  worker_group text collate "C" not null,
  worker_id text collate "C" not null,
  provider_id text collate "C" not null,
  scope text collate "C" not null,
  -- Declared by an operator (static): never observed, never extended.
  is_declared boolean not null default false,
  state text collate "C" not null check (state in ('requested', 'running', 'stopping', 'stopped')),
  capacity integer not null check (capacity > 0),
  launch_config_id text collate "C",
  order_id text collate "C",
  created timestamptz(3) not null,
  expires timestamptz(3) not null,
  last_modified timestamptz(3) not null,
  last_checked timestamptz(3) not null,

  terminate_after timestamptz(3),
  reregistration_timeout_ms bigint,
  queue_inactivity_timeout_ms bigint,
  registered_at timestamptz(3),
  reregistered_at timestamptz(3),
  stopped_at timestamptz(3),
  previous_state text collate "C",
  removal_reason text,

  secret_kid text,
  secret_hash text,
  previous_secret_kid text,
  previous_secret_hash text,
  previous_secret_until timestamptz(3),

  -- When a requested or stopping worker is looked at next, and how often that was tried.
  due_at timestamptz(3),
  attempts integer not null default 0,

  -- What the queue said.
  quarantine_until timestamptz(3),
  first_claim timestamptz(3),
  last_active timestamptz(3),
  queue_checked_at timestamptz(3),

  decision_terminate boolean,
  decision_reason text,
  decided_at timestamptz(3),

  provider_data jsonb not null,

  -- The id comes first: it is what a cloud tells of a machine, often without its pool.
  primary key (worker_id, worker_pool_id, worker_group)
) with (
  -- Secrets, activity, decisions and attempts change in place: leave them room on the page (HOT), and sweep often enough to reuse it.
  fillfactor = 80,
  autovacuum_vacuum_scale_factor = 0.05,
  autovacuum_analyze_scale_factor = 0.05
);

create index worker_listing on worker (worker_pool_id, created, worker_group, worker_id);
create index worker_listing_by_state on worker (worker_pool_id, state, created, worker_group, worker_id);
create index worker_fleet on worker (provider_id, scope, worker_pool_id, worker_group, worker_id) where state <> 'stopped';
create index worker_due on worker (provider_id, scope, due_at) where state in ('requested', 'stopping');
create index worker_quarantined on worker (worker_pool_id) where quarantine_until is not null;
create index worker_live_expiry on worker (provider_id, scope, expires) where state <> 'stopped' and not is_declared;
create index worker_expiry on worker (expires) where state = 'stopped' or is_declared;

-- How many workers of which capacity there are: kept by triggers, so that a count costs the same for ten workers and for a million.
-- Workers without a launch config count under ''.
create table worker_count (
  worker_pool_id text collate "C" not null,
  provider_id text collate "C" not null,
  launch_config_id text collate "C" not null,
  worker_group text collate "C" not null,
  state text collate "C" not null,
  workers bigint not null,
  capacity bigint not null,
  primary key (worker_pool_id, provider_id, launch_config_id, worker_group, state)
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.0, autovacuum_vacuum_threshold = 1000);

create function count_workers() returns trigger language plpgsql as $$
begin
  if tg_op = 'UPDATE' then
    insert into worker_count as c
    select worker_pool_id, provider_id, launch_config_id, worker_group, state, sum(workers), sum(capacity)
    from (
      select worker_pool_id, provider_id, coalesce(launch_config_id, '') as launch_config_id, worker_group, state, 1 as workers, capacity from added
      union all
      select worker_pool_id, provider_id, coalesce(launch_config_id, ''), worker_group, state, -1, -capacity from removed
    ) as change
    group by 1, 2, 3, 4, 5 having sum(workers) <> 0 or sum(capacity) <> 0
    -- In one order always: two bulk changes wait for each other instead of blocking each other for good.
    order by 1, 2, 3, 4, 5
    on conflict (worker_pool_id, provider_id, launch_config_id, worker_group, state) do update
      set workers = c.workers + excluded.workers, capacity = c.capacity + excluded.capacity;
  else
    insert into worker_count as c
    select worker_pool_id, provider_id, coalesce(launch_config_id, ''), worker_group, state,
      count(*) * sign, sum(capacity) * sign
    from touched, (values (case tg_op when 'DELETE' then -1 else 1 end)) as direction (sign)
    group by 1, 2, 3, 4, 5, sign order by 1, 2, 3, 4, 5
    on conflict (worker_pool_id, provider_id, launch_config_id, worker_group, state) do update
      set workers = c.workers + excluded.workers, capacity = c.capacity + excluded.capacity;
  end if;
  return null;
end $$;

create trigger count_inserted after insert on worker referencing new table as touched
  for each statement execute function count_workers();
create trigger count_deleted after delete on worker referencing old table as touched
  for each statement execute function count_workers();
create trigger count_updated after update on worker referencing old table as removed new table as added
  for each statement execute function count_workers();

-- The last whole observation of each scope: the workers in it were checked then, without a write to each.
create table observation (
  provider_id text collate "C" not null,
  scope text collate "C" not null,
  started_at timestamptz(3) not null,
  completed_at timestamptz(3) not null,
  primary key (provider_id, scope)
) with (fillfactor = 50);
