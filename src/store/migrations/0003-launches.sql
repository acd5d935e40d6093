-- Launch orders, how launches went, closed scopes, and why a pool was given what it was given.

create table launch_order (
  order_id text collate "C" primary key,
  worker_pool_id text collate "C" not null,
  provider_id text collate "C" not null,
  launch_config_id text collate "C" not null,
  scope text collate "C" not null,
  worker_group text collate "C" not null,
  count integer not null check (count > 0),
  capacity_per_instance integer not null check (capacity_per_instance > 0),
  placed_at timestamptz(3) not null,
  -- When somebody last said that they work on it.
  touched_at timestamptz(3) not null,
  settled_at timestamptz(3)
);

create index launch_order_open on launch_order (worker_pool_id, provider_id, worker_group) where settled_at is null;
create index launch_order_open_scope on launch_order (provider_id, scope) where settled_at is null;
create index launch_order_untouched on launch_order (touched_at) where settled_at is null;
create index launch_order_settled on launch_order (settled_at) where settled_at is not null;

-- Amounts of the past, halved with every half-life. Below a billionth they are nothing: PostgreSQL refuses to compute what is too small for it.
create function faded(amount double precision, since timestamptz, until timestamptz, half_life_ms double precision)
  returns double precision
  language sql immutable parallel safe
  return case
    when amount < 1e-9 then 0
    else amount * power(0.5::double precision,
      least(60, greatest(0, extract(epoch from until - since)::double precision * 1000 / half_life_ms)))
  end;

-- Under the launch config id '*': the whole pool.
create table launch_record (
  worker_pool_id text collate "C" not null,
  launch_config_id text collate "C" not null,
  attempts double precision not null default 0,
  failures double precision not null default 0,
  as_of timestamptz(3) not null,
  unregistered_streak integer not null default 0,
  streak_since timestamptz(3),
  last_registration_at timestamptz(3),
  last_loss_at timestamptz(3),
  primary key (worker_pool_id, launch_config_id)
) with (fillfactor = 50);

create table setback (
  provider_id text collate "C" not null,
  scope text collate "C" not null,
  class text not null,
  code text not null,
  message text not null,
  failures integer not null,
  since timestamptz(3) not null,
  until timestamptz(3) not null,
  primary key (provider_id, scope)
) with (fillfactor = 50);

create table provision_report (
  worker_pool_id text collate "C" primary key,
  decided_at timestamptz(3) not null,
  pending_tasks double precision not null,
  claimed_tasks double precision not null,
  want double precision not null,
  to_request double precision not null,
  requested double precision not null,
  reason text not null
) with (fillfactor = 50);
