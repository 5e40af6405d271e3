package remote

import (
	"context"
	"fmt"
	"net"
	"time"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi/sdk/v3/go/common/util/retry"
	"golang.org/x/crypto/ssh"

	"encaplab/standins/standin"
)

// dial logs in, through the proxy if there is one. Retries each hop, with growing pauses, as often as its dialErrorLimit
// allows.
func (c *Connection) dial(ctx context.Context) (*ssh.Client, error) {
	ctx, done := standin.While(ctx)
	defer done()
	config, err := c.config()
	if err != nil {
		return nil, err
	}
	if c.Proxy == nil {
		return attempt(ctx, "Dial", *c.DialErrorLimit, func() (*ssh.Client, error) {
			return ssh.Dial("tcp", c.address(), config)
		})
	}
	client, err := c.dialOver(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("proxy: %w", err)
	}
	return client, nil
}

func (c *Connection) dialOver(ctx context.Context, config *ssh.ClientConfig) (*ssh.Client, error) {
	proxyConfig, err := c.Proxy.config()
	if err != nil {
		return nil, err
	}
	proxy, err := attempt(ctx, "Dial proxy", *c.Proxy.DialErrorLimit, func() (*ssh.Client, error) {
		return ssh.Dial("tcp", c.Proxy.address(), proxyConfig)
	})
	if err != nil {
		return nil, err
	}
	client, err := c.dialFrom(ctx, proxy, config)
	if err != nil {
		proxy.Close()
		return nil, err
	}
	// The inner connection is a channel of the outer one: nothing else would close the outer one.
	go func() {
		_ = client.Wait()
		proxy.Close()
	}()
	return client, nil
}

func (c *Connection) dialFrom(ctx context.Context, proxy *ssh.Client, config *ssh.ClientConfig) (*ssh.Client, error) {
	channel, err := attempt(ctx, "Dial from proxy", *c.DialErrorLimit, func() (net.Conn, error) {
		return proxy.Dial("tcp", c.address())
	})
	if err != nil {
		return nil, err
	}
	return attempt(ctx, "Dial", *c.DialErrorLimit, func() (*ssh.Client, error) {
		connection, channels, requests, err := ssh.NewClientConn(channel, c.address(), config)
		if err != nil {
			return nil, err
		}
		return ssh.NewClient(connection, channels, requests), nil
	})
}

// attempt retries call until it succeeds or has failed more than limit times (-1: no limit). The pauses are the library's:
// from 0.1 s, growing by half, up to 5 s.
func attempt[T any](ctx context.Context, what string, limit int, call func() (T, error)) (T, error) {
	var result T
	ok, _, err := retry.Until(ctx, retry.Acceptor{Accept: func(try int, _ time.Duration) (bool, any, error) {
		var failure error
		if result, failure = call(); failure == nil {
			return true, nil, nil
		}
		if limit >= 0 && try >= limit {
			return true, nil, fmt.Errorf("after %d failed attempts: %w", try, failure)
		}
		p.GetLogger(ctx).InfoStatusf("%s %d failed (limit %d, -1 for none): %v; retrying", what, try+1, limit, failure)
		return false, nil, nil
	}})
	if err == nil && !ok { // the context ended first
		err = ctx.Err()
	}
	return result, err
}
