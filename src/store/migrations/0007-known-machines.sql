-- Of the machines of an open order, how many have a row already: the others alone count as ordered.

alter table launch_order add column known integer not null default 0;
