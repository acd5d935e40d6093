import * as asn1 from 'asn1js';

/** The parts of ASN.1 that certificates and signed data are made of. */
export function sequence(...value: asn1.BaseBlock[]): asn1.Sequence {
  return new asn1.Sequence({ value });
}

/** A context-specific tag around others. */
export function tagged(tagNumber: number, ...value: asn1.BaseBlock[]): asn1.Constructed {
  return new asn1.Constructed({ idBlock: { tagClass: 3, tagNumber }, value });
}

export function oid(value: string): asn1.ObjectIdentifier {
  return new asn1.ObjectIdentifier({ value });
}

export function integer(value: number): asn1.Integer {
  return new asn1.Integer({ value });
}

export function octets(value: Uint8Array): asn1.OctetString {
  return new asn1.OctetString({ valueHex: bytes(value) });
}

/** An algorithm identifier without parameters. */
export function algorithm(id: string): asn1.Sequence {
  return sequence(oid(id), new asn1.Null());
}

/** The bytes of a structure. */
export function der(block: asn1.BaseBlock): Buffer {
  return Buffer.from(block.toBER());
}

/** The same bytes in a buffer of their own, as asn1js wants them. */
export function bytes(value: Uint8Array): ArrayBuffer {
  return new Uint8Array(value).buffer;
}
