//! The answer to `hello`: who it is, and what that one may do.

use super::limits::Limits;
use super::refused::Refused;
use super::session::{Effect, PROTOCOL, Phase, Seat, Session};
use crate::backend::Context;
use crate::error::{Code, Error};

impl Session {
    /// Who it is, or why that is nobody.
    pub(crate) fn on_user(&mut self, user: Result<Context, Error>) -> Vec<Effect> {
        match user {
            Ok(context) => self.welcome(context),
            Err(error) => {
                self.phase = Phase::Greeting;
                let mut refused = Refused::plain(&error);
                if refused.code != Code::Unavailable && refused.code != Code::Internal {
                    refused.code = Code::Denied;
                }
                self.error(None, &refused);
            }
        }
        self.turn()
    }

    fn welcome(&mut self, context: Context) {
        self.phase = Phase::Open;
        for exposed in &self.house.exposed {
            match exposed.grant(&context) {
                Ok(Some(grant)) => self.seats.push(Seat { grant, followed: false, fill: None }),
                Ok(None) => {}
                Err(error) => tracing::error!(backend = exposed.name(), %error, "the policy is not usable"),
            }
        }
        self.context = context;
        let describe = |seat: &Seat| format!("{}:{}", quoted(seat.grant.name()), seat.grant.describe());
        let backends: Vec<String> = self.seats.iter().map(describe).collect();
        let Limits { frame, snapshot, page, .. } = self.house.limits;
        self.send(format!(
            "{{\"op\":\"welcome\",\"protocol\":{PROTOCOL},\"session\":{},\"server\":{},\"backends\":{{{}}},\
             \"limits\":{{\"frame\":{frame},\"snapshot\":{snapshot},\"page\":{page}}}}}",
            quoted(&self.name),
            quoted(&self.house.server),
            backends.join(","),
        ));
    }
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
