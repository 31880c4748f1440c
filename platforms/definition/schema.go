package definition

import _ "embed" // for Schema

// Schema is the JSON Schema of platform.yaml, for editors: a first line
// "# yaml-language-server: $schema=..." names it. It is made from the types of this package.
//
//go:embed schema.json
var Schema []byte
