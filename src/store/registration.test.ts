import { describe } from 'node:test';
import { openPostgresStore } from '#test/conformance/store/open-postgres.ts';
import { registrationPromises } from '#test/conformance/store/registration.ts';

describe('registration in PostgreSQL', () => registrationPromises(openPostgresStore));
