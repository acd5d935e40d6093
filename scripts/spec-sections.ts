/** The sections of the specification (spec/api.md and spec/provisioning.md), a line each: number and words of ours. */

export const apiSections = `
0.1 patterns of names and tokens
0.2 shapes that several endpoints return
1.1 the endpoints, their scopes and schemas
1.2 routing: slashes, verbs, case, HEAD
1.3 the legacy colon routes
1.4 monitoring, inside and outside the API
1.5 listProviders
1.6 createWorkerPool
1.7 updateWorkerPool
1.8 deleteWorkerPool
1.9 listWorkerPoolLaunchConfigs
1.10 workerPoolStats
1.11 workerPool, listWorkerPools, listWorkerPoolsStats
1.12 reportWorkerError
1.13 workerPoolErrorStats
1.14 listWorkerPoolErrors
1.15 worker listings and worker
1.16 createWorker
1.17 updateWorker
1.18 removeWorker
1.19 shouldWorkerTerminate
1.20 registerWorker
1.21 reregisterWorker
1.22 listWorkers and getWorker, as the queue knows them
2.1 the order of checks
2.2 success replies
2.3 the error envelope and its codes
2.4 failures of authentication and of scopes
2.5 texts of validation failures
2.6 paging
2.7 headers, CORS, limits
2.8 published documents
3.1 authenticateHawk at the auth service
3.2 the Hawk header
3.3 permanent and temporary credentials
3.4 authorizedScopes
3.5 signed addresses (bewit)
3.6 scopes and expressions
4 credentials of workers
5.1 members of every cloud config
5.2 lifecycle of a pool
5.3 workerManager of a launch config
5.4 config of aws
5.5 config of google
5.6 config of azure
5.7 config of static
5.8 config of null and testing
5.9 old forms of configs
6.1 launch configs apart from pools
6.2 ids of launch configs
6.3 create, update, archive of launch configs
6.4 use of launch configs
6.5 expiry of launch configs
7.1 the pool as data
7.2 the launch config as data
7.3 the worker as data, secrets at rest
7.4 the error as data, mail
7.5 jobs and expiry
7.6 audit
7.7 counters and termination decisions
7.8 calls to other services, quarantine
8.1 transport of messages
8.2 routing keys
8.3 exchanges and payloads
9.1 log format
9.2 log types
9.3 metrics
10.1 environment
10.2 processes
10.3 providers in the configuration
`;

export const provisioningSections = `
1.1 states of a worker
1.2 data held per worker
1.3 lifecycle settings
1.4 terminateAfter over time
1.5 reasons of removals
1.6 silent workers
1.7 quarantine
1.8 events of a worker's life
1.9 concurrent updates of a worker
1.10 transitions by provider
2.1 iterations
2.2 start and stop
2.3 one turn of provisioning
2.4 accounting of capacity
2.5 the estimator
2.6 provisioning by provider
3.1 weights of launch configs
3.2 the draw
3.3 selection on AWS
3.4 rounding and overshoot
4.1 scanners by provider
4.2 one scan
4.3 the check of one worker
4.4 what a check changes
4.5 what is seen of a scan
4.6 termination decisions
5.1 limits of cloud calls
5.2 retries of cloud calls
5.3 metrics of cloud calls
6.1 AWS: configuration and setup
6.2 AWS: launch configs
6.3 AWS: starting instances
6.4 AWS: the worker's row
6.5 AWS: check
6.6 AWS: removal
6.7 AWS: proof of identity
7.1 Google: configuration and setup
7.2 Google: launch configs
7.3 Google: starting instances
7.4 Google: the worker's row
7.5 Google: check
7.6 Google: operations
7.7 Google: removal
7.8 Google: proof of identity
7.9 Google: quotas and errors
8.1 Azure: configuration and setup
8.2 Azure: launch configs
8.3 Azure: names, secrets, tags
8.4 Azure: private data
8.5 Azure: provisioning
8.6 Azure: check
8.7 Azure: check of deployments
8.8 Azure: query and provision
8.9 Azure: deprovision
8.10 Azure: removal
8.11 Azure: errors and metrics
8.12 Azure: proof of identity
8.13 Azure: deletion in one go
8.14 Azure: what waits for what
8.15 Azure: eviction and hibernation
8.17 Azure: fixtures
9.1 static workers
9.2 null
9.3 testing
9.4 what deprovisioning does
10.1 the provider's contract
10.2 reports of errors
10.3 the directory of providers
10.4 the configuration of providers
11.1 a worker's day
11.2 a worker's identity
11.3 a worker registers
11.4 a worker renews
11.5 a worker is interrupted
11.6 a worker asks whether to end
11.7 worker-runner's protocol
`;
