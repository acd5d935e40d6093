import { describe } from 'node:test';
import { openPostgresStore } from '#test/conformance/store/open-postgres.ts';
import { taskPromises } from '#test/conformance/store/tasks.ts';

describe('tasks in PostgreSQL', () => taskPromises(openPostgresStore));
