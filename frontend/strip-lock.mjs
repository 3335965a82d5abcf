// npm copies each package's "funding" links into the lock file; a lock of ours names no host, only versions and hashes.
import { readFileSync, writeFileSync } from "node:fs";

const lock = JSON.parse(readFileSync("package-lock.json", "utf8"));
for (const entry of Object.values(lock.packages)) delete entry.funding;
const text = JSON.stringify(lock, null, 2) + "\n";
if (/https?:|"resolved"/.test(text)) throw new Error("package-lock.json still names a host");
writeFileSync("package-lock.json", text);
