/** The numbered items of the specification, a line each: number and words of ours. */

/** Cases of spec/api.md 11. */
export const edgeCases = `
E1 a pool is created twice alike
E2 a second creation with another provider conflicts
E3 an unknown provider on create and update
E4 a config that is not the provider's
E5 an inactivity timeout below its bound is named with the bound
E6 update of a missing pool
E7 the body's pool id is not the URL's
E8 dates in an update are ignored
E9 update to null-provider without deletion
E10 a deleted pool can be read
E11 get of a missing pool
E12 the list of pools, ordered and paged
E13 messages that cannot be sent on create or update
E14 nine counts in every pool reply
E15 stats count a worker older than its pool
E16 a generated launch config id in reply and message
E17 explicit launch config ids kept, events in order
E18 keep one, drop one, add one
E19 an empty list archives all
E20 only workerManager values change
E21 one id twice with different content leaves no pool
E22 a changed launch config under its id leaves the pool untouched
E23 one launch config id in two pools
E24 delete publishes the pool, then each config
E25 a google config with an id comes back unchanged
E26 worker list of a missing and of an empty pool
E27 list items have exactly their fields and no secret
E28 workers by state and by launch config
E29 workers newest first
E30 workers of a group, without a pool row
E31 a worker as it is stored, a missing one
E32 refusals of createWorker
E33 creation after removal conflicts
E34 expires echoed, capacity by default
E35 refusals of updateWorker, capacity takes effect
E36 refusals of removeWorker, success is stopped
E37 a report's extra, message and routing key
E38 a report for a missing pool
E39 errors of an unknown pool
E40 errors by id and by launch config
E41 errors newest first
E42 error statistics of all pools
E43 error statistics of one pool
E44 mail only when wanted, once, the error always stored
E45 refusals of registerWorker in their order
E46 the credentials of a registered worker
E47 a previous provider registers its workers
E48 systemBootTime yields two measures
E49 a genuine AWS identity document
E50 re-registration twice in a row
E51 a wrong secret and a missing worker look alike
E52 re-registration when not running, or expired
E53 static registration
E54 a second registration is refused
E55 readers without credentials and scopes
E56 getWorker before and after the queue knows it
E57 listWorkers with its filters
E58 stored termination decisions, none, missing worker
E59 how termination decisions come about
E60 a stale writer does not undo a registration
E61 two increments at once both land
E62 what the queue knows survives an update
E63 when pools expire
E64 when launch configs expire
E65 when workers and errors expire
E66 lifecycle arithmetic
E67 the rule of silent workers
E68 a provider whose setup fails
E69 stats leave out the quarantined
E70 masking of registrations
E71 sample configs validate
E72 case of routes, headers on a 404
E73 error trailer, hidden causes, masked bodies
E74 authorizedScopes too narrow, and with a star
E75 bewit and unknown query keys in logs
E76 a token with impossible characters
`;

/** Weaknesses of spec/api.md 12. */
export const apiWeaknesses = `
W1 repeats of createWorkerPool, order of launch configs
W2 messages and audit rows apart from their change
W3 lost answers of registration and re-registration
W4 updateWorker without providerInfo
W5 createWorker again with another secret or expiry
W6 static workers that live on after expires
W7 updateWorker on another provider's worker
W8 static workers that are told to nobody
W9 static re-registration and its timeout
W10 counts that are always zero
W11 a pool cannot be sent as it was read
W12 concurrent changes of a pool
W13 paging: limit 0, odd tokens, concurrent change
W14 listWorkers and equal worker ids
W15 unchecked halves of pool ids
W16 odd requests that end in 5xx or HTML
W17 underscores in launchConfigId queries
W18 underscores in the pool id of error statistics
W19 pools called stats or launch-configs
W20 the pattern of error kinds
W21 errors that are answered and never stored
W22 windows of error statistics
W23 minimum above maximum, negative timeouts
W24 forbidden members of aws launch configs
W25 azure templates without a location
W26 database texts in conflicts
W27 archiving and lastModified
W28 expiry of launch configs across pools
W29 one launch config id twice in a request
W30 the last attempt of an update
W31 secrets in clear
W32 advice that outlives its reason
W33 routing keys of pool messages
W34 refusals of registration that tell too much
W35 google tokens without instance claims
W36 the split of scanners
W37 pools whose provider is gone for good
W38 stale and overwritten gauges
W39 a heartbeat that checks nothing
W40 a flag that takes false for true
W41 odd header values
W42 validation before authentication
W43 proofs and secrets in logs and echoes
W44 defaults written into stored configs
W47 NUL characters
W48 removal told again and again
W49 suppression of mail in memory
W50 answers that fail their own check
W51 stack traces for strangers
W52 previousProviderId when nothing changed
W53 told before stored
W54 launch-config-updated for nothing
`;

/** Weaknesses of spec/provisioning.md 13. */
export const provisioningWeaknesses = `
P-01 the first failing AWS launch config ends the turn
P-02 every worker is checked at the same slow pace
P-03 a row is written for each look
P-04 requested capacity is subtracted twice
P-05 late pools starve
P-06 one database error ends the turn of all
P-07 timed-out checks go on
P-08 one failing call pauses a whole category
P-09 AWS ignores weights
P-10 zero does not switch off
P-11 AWS throttling is not noticed
P-12 instance profiles are let through
P-13 static workers are extended for ever
P-14 Google statuses that are ignored
P-15 removals repeated with each scan
P-16 quarantine makes room below the maximum
P-17 stopping capacity counts as minimum
P-18 errors subtracted from weights
P-19 a new instance that AWS does not show yet
P-20 the fifth attempt, and vanished rows
P-21 failed terminations are not repeated
P-22 one AWS key for all regions
P-23 names and labels that Google refuses
P-24 parts of Azure deployments that leak
P-25 memory without bounds
P-26 durations that include waiting
P-27 pages fetched outside the limits
P-28 parallel starts that fail fast
P-29 Azure before its VM has no deadline
P-30 Azure intermediates trusted by name
P-31 two replicas double everything
P-32 the split of scanners fixed at start
P-33 tests that end on a date
P-34 registerWorker cannot be repeated
P-35 the old secret dies at once
P-36 proofs without expected parts
P-37 mail before the record
P-38 gauges that linger
P-39 milliseconds that are seconds
P-40 one cloud call per worker
P-41 pools one after the other
P-42 all or nothing, and repeated inserts
P-43 Azure teardown by waiting for 404
P-44 configs copied into each worker
P-45 termination targets that count wrongly
P-46 downloads for strangers
P-47 static creation and removal
P-48 nothing compares cloud and database
P-49 idle workers that poll
P-50 queue data as old as the page
P-51 counters before the setup
P-52 errors kept until the scan ends
P-53 termination decisions that load everything
P-54 told before stored
P-55 Azure advances once per scan
P-56 public extras with private data
P-57 registration that reveals states
P-58 members of templates that are ignored
P-59 fixtures that prove nothing
`;
