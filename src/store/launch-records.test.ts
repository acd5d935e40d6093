import { describe } from 'node:test';
import { launchRecordPromises } from '#test/conformance/store/launch-records.ts';
import { openPostgresStore } from '#test/conformance/store/open-postgres.ts';

describe('launch records in PostgreSQL', () => launchRecordPromises(openPostgresStore));
