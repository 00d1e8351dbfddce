//! Who asks: what travels with a request and, as far as others may know it, with the change it makes.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

/// Where a change came from, as this process sees it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Origin {
    /// This process's own code.
    #[default]
    Server,
    /// A browser or another client of this process.
    Client,
    /// Another server of the same system.
    Remote,
    /// Another program that writes to the same store.
    External,
}

/// A client's own number of a request, and the session it came over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Author {
    /// The session.
    pub session: Arc<str>,
    /// The session's number of the request.
    pub n: u64,
}

/// Who asks, over which channel; cheap to clone.
#[derive(Clone, Default)]
pub struct Context {
    origin: Origin,
    details: Option<Arc<Details>>,
}

#[derive(Clone, Default)]
struct Details {
    author: Option<Author>,
    channel: Option<Arc<str>>,
    user: Option<Arc<dyn Any + Send + Sync>>,
}

impl Context {
    /// This process's own code.
    pub fn server() -> Self {
        Context::default()
    }

    /// Something that came from there.
    pub fn of(origin: Origin) -> Self {
        Context { origin, details: None }
    }

    /// The same, made by this request of a session.
    #[must_use]
    pub fn by(mut self, author: Author) -> Self {
        self.details_mut().author = Some(author);
        self
    }

    /// The same, on a channel: events of it go to those who listen on it, and to those who listen on none.
    #[must_use]
    pub fn on_channel(mut self, channel: impl Into<Arc<str>>) -> Self {
        self.details_mut().channel = Some(channel.into());
        self
    }

    /// The same, for this user; any type of yours.
    #[must_use]
    pub fn for_user<U: Any + Send + Sync>(mut self, user: Arc<U>) -> Self {
        self.details_mut().user = Some(user);
        self
    }

    fn details_mut(&mut self) -> &mut Details {
        Arc::make_mut(self.details.get_or_insert_default())
    }

    /// Where it came from.
    pub fn origin(&self) -> Origin {
        self.origin
    }

    /// The session and the number of the request, where a client asked.
    pub fn author(&self) -> Option<&Author> {
        self.details.as_ref()?.author.as_ref()
    }

    /// The channel.
    pub fn channel(&self) -> Option<&str> {
        self.details.as_ref()?.channel.as_deref()
    }

    /// The user, if it is of this type.
    pub fn user<U: Any>(&self) -> Option<&U> {
        self.details.as_ref()?.user.as_ref()?.downcast_ref()
    }
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("Context");
        out.field("origin", &self.origin);
        if let Some(author) = self.author() {
            out.field("author", author);
        }
        if let Some(channel) = self.channel() {
            out.field("channel", &channel);
        }
        out.finish_non_exhaustive()
    }
}
