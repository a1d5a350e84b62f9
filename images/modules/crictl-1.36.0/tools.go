//go:build tools

// The programs built from this module; go.mod and go.sum pin every source file of them.
package tools

import (
	_ "sigs.k8s.io/cri-tools/cmd/crictl"
)
