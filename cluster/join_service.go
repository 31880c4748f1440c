package cluster

import (
	"context"
	"crypto/tls"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"

	"troupe/messages"
)

// serviceName is what nodes call on the master's cluster port: four unary calls, whose messages are in messages/join.proto.
const serviceName = "troupe.Cluster"

// registry is the service as the master answers it.
type registry interface {
	Join(ctx context.Context, r *messages.JoinRequest) (*messages.Joined, error)
	Renew(ctx context.Context, r *messages.RenewRequest) (*messages.Renewed, error)
	Register(ctx context.Context, r *messages.Registration) (*messages.Registered, error)
	Beat(ctx context.Context, r *messages.Beat) (*messages.BeatAnswer, error)
}

var clusterService = grpc.ServiceDesc{
	ServiceName: serviceName,
	HandlerType: (*registry)(nil),
	Methods: []grpc.MethodDesc{
		method("Join", registry.Join), method("Renew", registry.Renew), method("Register", registry.Register), method("Beat", registry.Beat),
	},
}

// method describes one unary call, as protoc's gRPC plugin would generate it.
func method[Q, A any](name string, call func(registry, context.Context, *Q) (*A, error)) grpc.MethodDesc {
	handler := func(srv any, ctx context.Context, decode func(any) error, intercept grpc.UnaryServerInterceptor) (any, error) {
		in := new(Q)
		if err := decode(in); err != nil {
			return nil, err
		}
		answer := func(ctx context.Context, in any) (any, error) { return call(srv.(registry), ctx, in.(*Q)) }
		if intercept == nil {
			return answer(ctx, in)
		}
		return intercept(ctx, in, &grpc.UnaryServerInfo{Server: srv, FullMethod: "/" + serviceName + "/" + name}, answer)
	}
	return grpc.MethodDesc{MethodName: name, Handler: handler}
}

// line is a connection to a master's cluster port.
type line struct{ *grpc.ClientConn }

// dial opens a line; nothing is sent before the first call.
func dial(address string, config *tls.Config) (line, error) {
	c, err := grpc.NewClient("passthrough:///"+address, grpc.WithTransportCredentials(credentials.NewTLS(config)), grpc.WithDisableServiceConfig())
	return line{c}, err
}

// invoke makes one call.
func invoke[A any](ctx context.Context, l line, name string, question any) (*A, error) {
	answer := new(A)
	if err := l.Invoke(ctx, "/"+serviceName+"/"+name, question, answer); err != nil {
		return nil, err
	}
	return answer, nil
}
