import { describe } from 'node:test';
import { fleetPromises } from '#test/conformance/store/fleet.ts';
import { openPostgresStore } from '#test/conformance/store/open-postgres.ts';

describe('fleet in PostgreSQL', () => fleetPromises(openPostgresStore));
