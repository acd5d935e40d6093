import type { Handlers } from './call.ts';
import type { ApiParts } from './parts.ts';
import { declaredWorkerHandlers } from './routes/declared-workers.ts';
import { launchConfigHandlers } from './routes/launch-configs.ts';
import { monitoringHandlers } from './routes/monitoring.ts';
import { poolHandlers } from './routes/pools.ts';
import { problemHandlers } from './routes/problems.ts';
import { providerHandlers } from './routes/providers.ts';
import { queueViewHandlers } from './routes/queue-view.ts';
import { registrationHandlers } from './routes/registration.ts';
import { workerHandlers } from './routes/workers.ts';

/** A handler for each operation of the contract; one that is missing does not compile. */
export function createHandlers(parts: ApiParts): Handlers {
  return {
    ...monitoringHandlers(parts),
    ...providerHandlers(parts),
    ...poolHandlers(parts),
    ...launchConfigHandlers(parts),
    ...problemHandlers(parts),
    ...workerHandlers(parts),
    ...declaredWorkerHandlers(parts),
    ...registrationHandlers(parts),
    ...queueViewHandlers(parts),
  };
}
