import { reregistrationTimeout } from './config-members.ts';
import { closed, document, freeForm, open } from './json-schema.ts';

/** `config` of a pool whose provider is of the type static (spec/api.md 5.7). */
export const configStatic = document('config-static', {
  title: 'Static Worker Pool Config',
  ...closed(
    {
      lifecycle: closed(
        { reregistrationTimeout },
        {
          optional: ['reregistrationTimeout'],
          description: 'How long the parts of the life of a worker may last.',
        },
      ),
      workerConfig: freeForm('How the workers are to work; they get this when they register.'),
    },
    { optional: ['lifecycle', 'workerConfig'] },
  ),
  description: 'What a worker pool has to say about workers that an operator declares.',
});

/** `config` of a pool that is being deleted, or that starts nothing: whatever it was (spec/api.md 5.8). */
export const configNull = document('config-null', {
  title: 'Null Worker Pool Config',
  ...open({}),
  description: 'Anything: a worker pool of this provider starts no workers.',
});

/** `config` of a pool whose provider is of the type testing (spec/api.md 5.8). */
export const configTesting = document('config-testing', {
  title: 'Testing Worker Pool Config',
  ...closed({}),
  description: 'Nothing: this type of provider is there for tests.',
});
