import { errors, jwtVerify } from 'jose';
import type { CompactJWSHeaderParameters, JWTPayload } from 'jose';
import { ProofRejected } from '#core/error.ts';
import type { JsonObject } from '#core/json.ts';
import { stringMember } from '#core/provider.ts';
import type { Identity } from '#core/provider.ts';
import type { Worker } from '#core/worker.ts';
import { isJsonObject } from '#lib/json.ts';
import type { IdentityKeys } from './identity-keys.ts';
import { asObject, lastPart } from './members.ts';

/** How far the clocks of Google and of this machine may be apart (spec/provisioning.md 7.8). */
const toleranceSeconds = 300;
/** Instances' tokens are good for an hour; one that claims to be good for longer than a day from now is none. */
const longestLifeSeconds = 86_400;
/** Longer than any token: Google's with `format=full` have about 1.5 KB. */
const longestToken = 16_384;
const issuers = ['https://accounts.google.com', 'accounts.google.com'];

/** What a token must say beside what is in the worker. */
export interface Expected {
  /** The audience: the deployment's root URL. */
  rootUrl: string;
  project: string;
  /** The subject: the unique id of the service account that machines get. */
  workerServiceAccountId: string;
}

/**
 * The proof is an instance identity token for the deployment's root URL, asked for with `format=full`
 * (spec/provisioning.md 7.8; https://cloud.google.com/compute/docs/instances/verifying-instance-identity). Its signature is RS256 by a key that Google
 * publishes; of a token that is not Google's, nothing is read. Whether the worker may still register is the caller's to ask.
 */
export function googleIdentity(keys: Pick<IdentityKeys, 'find'>, expected: Expected): Identity {
  return {
    async identify(proof, worker, now, signal) {
      const token = stringMember(proof, 'token') ?? '';
      if (token === '' || token.length > longestToken) {
        throw new ProofRejected('the proof lacks its token');
      }
      const payload = await verified(token, keys, expected, now, signal);
      checkTimes(payload, now);
      checkInstance(payload, expected, worker, now);
    },
  };
}

async function verified(
  token: string,
  keys: Pick<IdentityKeys, 'find'>,
  { rootUrl, workerServiceAccountId }: Expected,
  now: Date,
  signal: AbortSignal,
): Promise<JWTPayload> {
  const options = {
    algorithms: ['RS256'],
    issuer: issuers,
    audience: rootUrl,
    subject: workerServiceAccountId,
    requiredClaims: ['iat', 'exp'],
    clockTolerance: toleranceSeconds,
    currentDate: now,
  };
  try {
    const { payload } = await jwtVerify(
      token,
      async ({ kid }: CompactJWSHeaderParameters) => {
        const key = typeof kid === 'string' ? await keys.find(kid, signal) : null;
        if (key === null) {
          throw new ProofRejected('the token is signed with a key that Google does not publish');
        }
        return key;
      },
      options,
    );
    return payload;
  } catch (cause) {
    if (cause instanceof errors.JOSEError) {
      throw new ProofRejected(`the token is not valid: ${cause.message}`, { cause });
    }
    throw cause;
  }
}

function checkTimes({ iat, exp, aud }: JWTPayload, now: Date): void {
  const nowSeconds = now.getTime() / 1000;
  // One audience, and not ours among others.
  if (typeof aud !== 'string') {
    throw new ProofRejected('the token is for several audiences');
  }
  if (!(Number(iat) <= nowSeconds + toleranceSeconds)) {
    throw new ProofRejected('the token is of the future');
  }
  if (!(Number(exp) <= nowSeconds + longestLifeSeconds)) {
    throw new ProofRejected('the token claims to be good for too long');
  }
}

function checkInstance(payload: JWTPayload, { project }: Expected, worker: Worker, now: Date): void {
  const google: unknown = payload['google'];
  const instance: JsonObject = isJsonObject(google) ? asObject(google['compute_engine']) : {};
  // Without `format=full` there is no such claim (P-36, W35).
  if (stringMember(instance, 'instance_id') !== worker.workerId) {
    throw new ProofRejected('the token is of another instance, or of none');
  }
  if (stringMember(instance, 'project_id') !== project) {
    throw new ProofRejected('the token is of another project');
  }
  if (lastPart(stringMember(instance, 'zone') ?? '') !== worker.workerGroup) {
    throw new ProofRejected('the token is of another zone');
  }
  const createdMs = Number(instance['instance_creation_timestamp'] ?? Number.NaN) * 1000;
  const launchedMs = Date.parse(stringMember(worker.providerData, 'launchTime') ?? worker.created.toISOString());
  const toleranceMs = toleranceSeconds * 1000;
  if (!(createdMs <= now.getTime() + toleranceMs && createdMs >= launchedMs - toleranceMs)) {
    throw new ProofRejected('the token does not say that the instance was created by the launch');
  }
}
