//go:build tools

// Pins what h2spec is built from, so that the same judge judges every time: h2spec itself names no versions.
package tools

import _ "github.com/summerwind/h2spec/cmd/h2spec"
