import type { Random } from '#lib/random.ts';

/** A task id: a version 4 UUID in URL-safe base64, 22 characters, that never begins with `-` (spec/api.md 0.1). */
export function slugid(random: Random): string {
  const bytes = Buffer.alloc(16);
  for (let offset = 0; offset < 16; offset += 4) {
    bytes.writeUInt32BE(Math.floor(random() * 2 ** 32), offset);
  }
  bytes.writeUInt8(bytes.readUInt8(0) & 0x7f, 0);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x40, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  return bytes.toString('base64url');
}
