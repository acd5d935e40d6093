import { once } from 'node:events';
import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:tls';
import { Integer, Utf8String } from 'asn1js';
import { AttributeTypeAndValue, Certificate } from 'pkijs';
import type { TestBroker } from './rabbitmq.ts';

/** A door to a broker that speaks TLS. */
export interface TlsFront {
  port: number;
  /** Its certificate, for `localhost`, signed by itself: PEM. */
  certificate: string;
  /** The names that clients asked for, in the order of their coming. */
  servernames: string[];
  stop(): Promise<void>;
}

/** Opens such a door. Nobody trusts it before being told to. */
export async function tlsFront({ address }: TestBroker): Promise<TlsFront> {
  const { certificate, key } = await selfSigned();
  const servernames: string[] = [];
  const server = createServer({ cert: certificate, key }, (socket) => {
    servernames.push(typeof socket.servername === 'string' ? socket.servername : '');
    const inner = connect(address.port, address.hostname);
    socket.pipe(inner).pipe(socket);
    socket.on('error', () => inner.destroy());
    inner.on('error', () => socket.destroy());
  });
  server.on('tlsClientError', () => undefined);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    certificate,
    servernames,
    stop: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

const algorithm = { name: 'ECDSA', namedCurve: 'P-256' } as const;
const commonName = '2.5.4.3';

async function selfSigned(): Promise<{ certificate: string; key: string }> {
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const certificate = new Certificate();
  certificate.version = 2;
  certificate.serialNumber = new Integer({ value: 1 });
  for (const name of [certificate.issuer, certificate.subject]) {
    const value = new Utf8String({ value: 'localhost' });
    name.typesAndValues.push(new AttributeTypeAndValue({ type: commonName, value }));
  }
  certificate.notBefore.value = new Date('2020-01-01');
  certificate.notAfter.value = new Date('2049-01-01');
  await certificate.subjectPublicKeyInfo.importKey(keys.publicKey);
  await certificate.sign(keys.privateKey, 'SHA-256');
  return {
    certificate: pem('CERTIFICATE', certificate.toSchema().toBER()),
    key: pem('PRIVATE KEY', await crypto.subtle.exportKey('pkcs8', keys.privateKey)),
  };
}

function pem(label: string, der: ArrayBuffer): string {
  const lines = Buffer.from(der).toString('base64').replaceAll(/.{64}/g, '$&\n');
  return `-----BEGIN ${label}-----\n${lines}\n-----END ${label}-----\n`;
}
