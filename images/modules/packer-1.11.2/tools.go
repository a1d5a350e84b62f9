//go:build tools

// The programs built from this module; go.mod and go.sum pin every source file of them.
package tools

import (
	_ "github.com/hashicorp/packer"
)
