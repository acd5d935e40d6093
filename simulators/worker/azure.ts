import { isWorthRepeating } from './backoff.ts';
import type { HttpAnswer, HttpCaller } from './http.ts';
import { fromJson, isRecord, member, textMember } from './json.ts';
import { completeIdentity } from './metadata.ts';
import type { Identity, Metadata } from './metadata.ts';

const apiVersion = '2025-04-07';
/** The version in which worker-runner asks for scheduled events. */
const eventsVersion = '2020-07-01';

/**
 * An Azure machine's metadata service: the paths of spec/provisioning.md 11.2
 * (https://learn.microsoft.com/azure/virtual-machines/instance-metadata-service). Who it is stands in its tags, because
 * the service did not deliver custom data dependably.
 */
export class AzureMetadata implements Metadata {
  readonly interruptionCheckMs: number;
  readonly isDynamic = true;
  readonly #base: string;
  readonly #http: HttpCaller;

  /** `metadataUrl`: what stands for `http://169.254.169.254`. */
  constructor(metadataUrl: string, http: HttpCaller, interruptionCheckMs: number) {
    this.#base = `${metadataUrl}/metadata`;
    this.#http = http;
    this.interruptionCheckMs = interruptionCheckMs;
  }

  async identify(): Promise<Identity | 'not-now' | 'unusable'> {
    const instance = await this.#get('instance', apiVersion);
    const attested = instance.status === 200 ? await this.#get('attested/document', apiVersion) : instance;
    if (attested.status !== 200) {
      return isWorthRepeating(attested.status) ? 'not-now' : 'unusable';
    }
    const compute = member(fromJson(instance.text), 'compute');
    const tags = tagsIn(compute);
    const proof = fromJson(attested.text);
    const document = textMember(proof, 'encoding') === 'pkcs7' ? textMember(proof, 'signature') : undefined;
    return completeIdentity({
      rootUrl: tags.get('root-url'),
      providerId: tags.get('provider-id'),
      workerPoolId: tags.get('worker-pool-id'),
      workerGroup: tags.get('worker-group'),
      workerId: textMember(compute, 'name'),
      proof: document === undefined ? undefined : { document },
    });
  }

  /** Any scheduled event but `Freeze` ends the worker (spec/provisioning.md 11.5). */
  async isInterrupted(): Promise<boolean> {
    const { status, text } = await this.#get('scheduledevents', eventsVersion);
    const events = status === 200 ? member(fromJson(text), 'Events') : undefined;
    return Array.isArray(events) && events.some((event: unknown) => textMember(event, 'EventType') !== 'Freeze');
  }

  #get(path: string, version: string): Promise<HttpAnswer> {
    const url = `${this.#base}/${path}?api-version=${version}`;
    return this.#http.call({ method: 'GET', url, headers: { Metadata: 'true' } });
  }
}

function tagsIn(compute: unknown): Map<string, string> {
  const list = member(compute, 'tagsList');
  const tags = (Array.isArray(list) ? (list as unknown[]) : []).filter(isRecord);
  return new Map(tags.map(({ name, value }) => [String(name), String(value)]));
}
