import type { Clock } from '#lib/clock.ts';
import { isWorthRepeating } from './backoff.ts';
import type { HttpAnswer, HttpCaller } from './http.ts';
import { fromJson, textMember } from './json.ts';
import { completeIdentity } from './metadata.ts';
import type { Identity, Metadata } from './metadata.ts';

const tokenLifeSeconds = 21_600;

/**
 * An EC2 machine's metadata service, version 2: a session token first, then the paths of spec/provisioning.md 11.2
 * (https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-instance-metadata-service.html).
 */
export class AwsMetadata implements Metadata {
  readonly interruptionCheckMs: number;
  readonly isDynamic = true;
  readonly #base: string;
  readonly #http: HttpCaller;
  readonly #clock: Clock;
  #token = '';
  #tokenUntilMs = -Infinity;

  /** `metadataUrl`: what stands for `http://169.254.169.254`. */
  constructor(metadataUrl: string, http: HttpCaller, clock: Clock, interruptionCheckMs: number) {
    this.#base = `${metadataUrl}/latest`;
    this.#http = http;
    this.#clock = clock;
    this.interruptionCheckMs = interruptionCheckMs;
  }

  async identify(): Promise<Identity | 'not-now' | 'unusable'> {
    const answers: string[] = [];
    for (const path of ['user-data', 'dynamic/instance-identity/document', 'dynamic/instance-identity/signature']) {
      const { status, text } = await this.#get(path);
      if (status !== 200) {
        return isWorthRepeating(status) ? 'not-now' : 'unusable';
      }
      answers.push(text);
    }
    const [userDataText = '', document = '', signature = ''] = answers;
    const userData = fromJson(userDataText);
    return completeIdentity({
      rootUrl: textMember(userData, 'rootUrl'),
      providerId: textMember(userData, 'providerId'),
      workerPoolId: textMember(userData, 'workerPoolId'),
      workerGroup: textMember(userData, 'workerGroup'),
      workerId: textMember(fromJson(document), 'instanceId'),
      // Byte for byte: the signature is over this text.
      proof: { document, signature },
    });
  }

  /** The path exists once the spot instance is to be taken back. */
  async isInterrupted(): Promise<boolean> {
    return (await this.#get('meta-data/spot/termination-time')).status === 200;
  }

  async #get(path: string): Promise<HttpAnswer> {
    const nowMs = this.#clock.now().getTime();
    if (nowMs >= this.#tokenUntilMs) {
      const { status, text } = await this.#http.call({
        method: 'PUT',
        url: `${this.#base}/api/token`,
        headers: { 'X-aws-ec2-metadata-token-ttl-seconds': String(tokenLifeSeconds) },
      });
      if (status !== 200) {
        return { status, text };
      }
      this.#token = text;
      this.#tokenUntilMs = nowMs + tokenLifeSeconds * 1000;
    }
    const headers = { 'X-aws-ec2-metadata-token': this.#token };
    return this.#http.call({ method: 'GET', url: `${this.#base}/${path}`, headers });
  }
}
