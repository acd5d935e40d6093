import { isWorthRepeating } from './backoff.ts';
import type { HttpAnswer, HttpCaller } from './http.ts';
import { fromJson, textMember } from './json.ts';
import { completeIdentity } from './metadata.ts';
import type { Identity, Metadata } from './metadata.ts';

/**
 * A Compute Engine machine's metadata server, at the paths of spec/provisioning.md 11.2
 * (https://cloud.google.com/compute/docs/metadata/querying-metadata).
 *
 * worker-runner lets the server hold its question whether the machine is preempted until that changes; here it is asked
 * again and again, as simulated programs act in turns.
 */
export class GoogleMetadata implements Metadata {
  readonly interruptionCheckMs: number;
  readonly isDynamic = true;
  readonly #base: string;
  readonly #http: HttpCaller;

  /** `metadataUrl`: what stands for `http://metadata.google.internal`. */
  constructor(metadataUrl: string, http: HttpCaller, interruptionCheckMs: number) {
    this.#base = `${metadataUrl}/computeMetadata/v1`;
    this.#http = http;
    this.interruptionCheckMs = interruptionCheckMs;
  }

  async identify(): Promise<Identity | 'not-now' | 'unusable'> {
    const attribute = await this.#get('instance/attributes/taskcluster');
    const rootUrl = textMember(fromJson(attribute.text), 'rootUrl') ?? '';
    const question = new URLSearchParams({ audience: rootUrl, format: 'full' }).toString();
    const id = await this.#get('instance/id');
    const token = await this.#get(`instance/service-accounts/default/identity?${question}`);
    const failed = [attribute, id, token].find(({ status }) => status !== 200);
    if (failed !== undefined) {
      return isWorthRepeating(failed.status) ? 'not-now' : 'unusable';
    }
    const told = fromJson(attribute.text);
    return completeIdentity({
      rootUrl,
      providerId: textMember(told, 'providerId'),
      workerPoolId: textMember(told, 'workerPoolId'),
      workerGroup: textMember(told, 'workerGroup'),
      workerId: id.text,
      proof: { token: token.text },
    });
  }

  /** The value becomes `TRUE` when the machine is preempted. */
  async isInterrupted(): Promise<boolean> {
    return (await this.#get('instance/preempted')).text.trim() === 'TRUE';
  }

  #get(path: string): Promise<HttpAnswer> {
    return this.#http.call({ method: 'GET', url: `${this.#base}/${path}`, headers: { 'Metadata-Flavor': 'Google' } });
  }
}
