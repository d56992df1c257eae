#!/usr/bin/env bash
# Installs the packed tarball into an empty project and uses it as a stranger would: embed it, serve it, stop it.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
server=
trap 'if [ -n "$server" ]; then kill "$server" 2>/dev/null || true; fi; rm -rf "$work"' EXIT

cd "$root"
tarball=$(npm pack --silent --ignore-scripts --pack-destination "$work" | tail -1)
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund "./$tarball"

npx t4 --version
cat >embed.mjs <<'EOF'
import { open } from "t4db";
const db = await open({ dataDir: "./embedded" });
try {
  await db.put("greeting", "hello");
  const row = await db.get("greeting");
  if (row?.value !== "hello") throw new Error("read something else than was written");
} finally {
  await db.close();
}
EOF
node embed.mjs

node --input-type=module --eval '
  import { s3ObjectStore } from "t4db/s3";
  const store = await s3ObjectStore({ bucket: "b", prefix: "p" });
  if (store.url !== "s3://b/p/") throw new Error(store.url);
  await store.close();
'

./node_modules/.bin/t4 run --data-dir ./served --listen 127.0.0.1:0 >ready.txt 2>server.log &
server=$!
for _ in $(seq 100); do
  grep -q "ready" ready.txt && break
  sleep 0.1
done
port=$(sed -nE 's/.*127\.0\.0\.1:([0-9]+).*/\1/p' ready.txt | head -1)
node -e '
  const answer = await fetch(`http://127.0.0.1:${process.argv[1]}/health`);
  const text = await answer.text();
  if (answer.status !== 200) throw new Error(text);
  console.log("health:", text);
' "$port" --input-type=module
kill -TERM "$server"
wait "$server"
server=
echo "the packed tarball embeds, serves and stops with exit code 0"
