package api

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/asynkron/protoactor-go/actor"

	"troupe/actors"
	"troupe/actors/master/board"
	"troupe/actors/store/dataset"
	"troupe/messages"
)

// Name is the name of the events actor.
const Name = "events"

// EventsConfig is what the events actor listens to.
type EventsConfig struct {
	Store  *actor.PID // tells of every commit
	Master *actor.PID // tells of accounts, replies, logins and alarms
	Log    *slog.Logger
}

// Props makes the recipe of the events actor: it hears what changes and passes it on to the streams that follow. It
// keeps the last step of each running login, and nothing else. Stopping it ends every stream.
func Props(cfg EventsConfig) *actor.Props {
	return actor.PropsFromProducer(func() actor.Actor {
		return &events{EventsConfig: cfg, followers: map[*follower]struct{}{}, steps: map[messages.LoginID]*messages.LoginStep{}}
	})
}

// newsQueue is how many changes a stream may lag behind before it is cut.
const newsQueue = 256

// follower is the end of one stream that the events actor writes to. Only the actor sends and closes.
type follower struct {
	news  chan any      // board.Changed, *messages.LoginStep, *messages.LoginEnded
	moved chan struct{} // holds a token when the dataset moved since the stream last looked
	cut   chan struct{} // closed when the stream must end; what still waits in news is void then
}

func newFollower() *follower {
	return &follower{news: make(chan any, newsQueue), moved: make(chan struct{}, 1), cut: make(chan struct{})}
}

func (f *follower) isCut() bool {
	select {
	case <-f.cut:
		return true
	default:
		return false
	}
}

// What streams and handlers ask of the actor.
type (
	follow    struct{ who *follower } // answered by following
	unfollow  struct{ who *follower }
	following struct{ steps []*messages.LoginStep } // of the logins that are running
	askStep   struct{ session messages.LoginID }    // answered by lastStep
	lastStep  struct{ step *messages.LoginStep }    // nil when no step is known
)

type events struct {
	EventsConfig
	followers map[*follower]struct{}
	steps     map[messages.LoginID]*messages.LoginStep
}

func (e *events) Receive(c actor.Context) {
	switch m := c.Message().(type) {
	case *actor.Started:
		c.Request(e.Store, board.Subscribe{})
		c.Request(e.Master, board.Subscribe{})
	case *dataset.Published:
		e.wake()
	case board.Changed:
		e.tell(m)
	case *messages.LoginStep:
		e.onStep(m)
	case *messages.LoginEnded:
		delete(e.steps, messages.LoginID(m.GetSession()))
		e.tell(m)
	case follow:
		e.onFollow(c, m.who)
	case unfollow:
		delete(e.followers, m.who)
	case askStep:
		c.Respond(lastStep{e.steps[m.session]})
	case *actor.Stopping:
		for f := range e.followers {
			e.cut(f)
		}
	}
}

// onStep keeps the step: it is what GET of that login shows.
func (e *events) onStep(m *messages.LoginStep) {
	e.steps[messages.LoginID(m.GetSession())] = m
	e.tell(m)
}

func (e *events) onFollow(c actor.Context, f *follower) {
	e.followers[f] = struct{}{}
	running := following{}
	for _, step := range e.steps {
		running.steps = append(running.steps, step)
	}
	c.Respond(running)
}

// wake lets every stream look at the dataset; one token is enough for any number of commits.
func (e *events) wake() {
	for f := range e.followers {
		select {
		case f.moved <- struct{}{}:
		default:
		}
	}
}

// tell passes news on to every stream; one whose queue is full is cut, it resumes by its cursor.
func (e *events) tell(news any) {
	for f := range e.followers {
		select {
		case f.news <- news:
		default:
			e.Log.Info("slow stream cut", "followers", len(e.followers))
			e.cut(f)
		}
	}
}

func (e *events) cut(f *follower) {
	delete(e.followers, f)
	close(f.cut)
}

// follow registers f and returns the last steps of the running logins.
func (a *API) follow(ctx context.Context, f *follower) ([]*messages.LoginStep, error) {
	ctx, cancel := context.WithTimeout(ctx, commandTime)
	defer cancel()
	now, err := actors.Ask[following](ctx, a.Root, a.Events, follow{f})
	if err != nil {
		return nil, fmt.Errorf("follow events: %w", err)
	}
	return now.steps, nil
}

func (a *API) unfollow(f *follower) { a.Root.Send(a.Events, unfollow{f}) }

func (a *API) lastStep(ctx context.Context, session messages.LoginID) (*messages.LoginStep, error) {
	ctx, cancel := context.WithTimeout(ctx, commandTime)
	defer cancel()
	last, err := actors.Ask[lastStep](ctx, a.Root, a.Events, askStep{session})
	if err != nil {
		return nil, fmt.Errorf("ask for the login's step: %w", err)
	}
	return last.step, nil
}
