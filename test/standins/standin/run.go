// Package standin has what both stand-ins share. They are test equipment: if Pulumi's own plug-ins are not available, they
// let a test's engine do real work, and say in every output that they are stand-ins.
package standin

import (
	"context"
	"fmt"
	"os"

	p "github.com/pulumi/pulumi-go-provider"
)

// Run serves a provider under the name and version of the plug-in that it replaces, until the engine stops it or dies. It
// does not return.
func Run(name, version string, provider p.Provider) {
	followParent()
	if err := p.RunProvider(Orphaned(), name, version, labelled(name, version, provider)); err != nil {
		fmt.Fprintln(os.Stderr, "stand-in:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

// labelled makes a provider say that it is a stand-in: once per process, and at the start of each error.
func labelled(name, version string, provider p.Provider) p.Provider {
	inner := provider.WithDefaults()
	outer := inner
	outer.Configure = func(ctx context.Context, req p.ConfigureRequest) error {
		p.GetLogger(ctx).Infof("stand-in: this is not Pulumi's %s plug-in v%s but test equipment of encaplab in its place",
			name, version)
		return label(inner.Configure(ctx, req))
	}
	outer.CheckConfig = answer(inner.CheckConfig)
	outer.DiffConfig = answer(inner.DiffConfig)
	outer.Invoke = answer(inner.Invoke)
	outer.Check = answer(inner.Check)
	outer.Diff = answer(inner.Diff)
	outer.Create = answer(inner.Create)
	outer.Read = answer(inner.Read)
	outer.Update = answer(inner.Update)
	outer.Delete = func(ctx context.Context, req p.DeleteRequest) error { return label(inner.Delete(ctx, req)) }
	return outer
}

func answer[Req, Resp any](call func(context.Context, Req) (Resp, error)) func(context.Context, Req) (Resp, error) {
	return func(ctx context.Context, req Req) (Resp, error) {
		resp, err := call(ctx, req)
		return resp, label(err)
	}
}

// label wraps the error, so that the engine can still read its code and recognise a call that is not implemented.
func label(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("stand-in: %w", err)
}
