import { dateTime, identifier, secret, text, workerGroup, workerId, workerPoolId } from './fields.ts';
import { closed, document, freeForm } from './json-schema.ts';
import type { JsonSchema } from './json-schema.ts';

const workerIdentityProof: JsonSchema = {
  description: "What shows that the caller is this worker; its form depends on the provider's type.",
  oneOf: [
    closed(
      { token: text("The instance's identity token, signed by Google, for this deployment.") },
      { title: 'Google', description: 'The proof of a machine in Google Compute Engine.' },
    ),
    closed(
      { staticSecret: secret('The secret that was given when the worker was created.') },
      { title: 'Static', description: 'The proof of a worker that an operator declared.' },
    ),
    closed(
      {
        document: text('The instance identity document, to the byte as the machine got it.'),
        signature: text('Its signature by Amazon, in base64.'),
      },
      { title: 'AWS', description: 'The proof of an EC2 instance.' },
    ),
    closed(
      { document: text('The attested document, signed by Microsoft, in base64.') },
      { title: 'Azure', description: 'The proof of an Azure virtual machine.' },
    ),
  ],
};

/** Body of registerWorker. */
export const registerWorkerRequest = document('register-worker-request', {
  title: 'Worker to Register',
  ...closed(
    {
      workerPoolId: workerPoolId(),
      providerId: identifier('The provider that made the worker.'),
      workerGroup,
      workerId,
      workerIdentityProof,
      systemBootTime: dateTime("When the machine's system started, if the worker knows."),
    },
    { optional: ['systemBootTime'] },
  ),
  description: 'A worker and the proof that it is the one it says.',
});

const credentials = closed(
  {
    clientId: text('The client that the worker is from now on.'),
    accessToken: text('The key to sign requests with.'),
    certificate: text('The certificate to send along, as JSON text.'),
  },
  { optional: ['certificate'], description: 'Temporary credentials for the worker.' },
);
const expires = dateTime('When the credentials end. A worker that has not registered again by then is ended.');
const registrationSecret = secret('The one-time secret by which the worker can register again. Tasks must not see it.');

/** Answer of registerWorker. */
export const registerWorkerResponse = document('register-worker-response', {
  title: 'Registered Worker',
  ...closed({
    expires,
    credentials,
    workerConfig: freeForm(
      'How the worker is to work: the `workerConfig` of its launch config or, for static workers, of its worker pool.',
    ),
    secret: registrationSecret,
  }),
  description: 'What a registered worker needs to work.',
});

/** Body of reregisterWorker. */
export const reregisterWorkerRequest = document('reregister-worker-request', {
  title: 'Worker to Register Again',
  ...closed({
    workerPoolId: workerPoolId(),
    workerGroup,
    workerId,
    secret: secret('The secret that the worker got when it last registered.'),
  }),
  description: 'A registered worker that wants fresh credentials.',
});

/** Answer of reregisterWorker. */
export const reregisterWorkerResponse = document('reregister-worker-response', {
  title: 'Worker Registered Again',
  ...closed({ expires, credentials, secret: registrationSecret }),
  description: 'Fresh credentials, and the secret for the next time.',
});
